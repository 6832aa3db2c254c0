import {
  type Messaging,
  notifyDataUpdated,
  notifyInfo,
  onCurrencyRateUpdated,
  onPartnerCreated,
} from "@m-erp/messaging";

/** Notifies the user who made a change that it was stored. An event without a user notifies nobody. */
export function companyPartnerNotices(messaging: Messaging): void {
  onPartnerCreated(messaging, async ({ id, entity_id, user_id, after_data }) => {
    if (user_id === undefined) return;
    await notifyDataUpdated(
      messaging,
      {
        title: `${after_data.name} is a partner now`,
        message: `Entered as partner ${entity_id}.`,
        target_user_id: user_id,
        metadata: { entity_type: "partner", entity_id, action: "created" },
      },
      { id, once: true },
    );
  });

  onCurrencyRateUpdated(messaging, async ({ id, entity_id, user_id, before_data, after_data }) => {
    if (user_id === undefined) return;
    const before = before_data === undefined ? "" : `, it was ${before_data.rate}`;
    await notifyInfo(
      messaging,
      {
        title: `${entity_id} at ${after_data.rate}`,
        message: `For one ${after_data.base_currency}${before}.`,
        target_user_id: user_id,
      },
      { id, once: true },
    );
  });
}
