const LEAP_YEARS = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const DAYS = [
  "[0-9]{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])",
  "[0-9]{4}-(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
  "[0-9]{4}-02-(?:0[1-9]|1[0-9]|2[0-8])",
  `${LEAP_YEARS}-02-29`,
];
const MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
const FRACTION = "(?:[.][0-9]+)?";
const ZONE = `(?:[Zz]|[+-]${MINUTE})?`;

/**
 * A pattern for what a reader takes for an instant: a date-time of RFC 3339 whose zone may be missing, and whose `T` may be a
 * space. A leap second is matched at the end of a day in UTC alone: of other zones a pattern cannot tell.
 */
export const TOLERANT_INSTANT: string = `^(?:${DAYS.join("|")})[Tt ](?:${MINUTE}:[0-5][0-9]${FRACTION}${ZONE}|23:59:60${FRACTION}(?:[Zz]|[+-]00:00)?)$`;
