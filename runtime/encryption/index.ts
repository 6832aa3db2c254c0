// encryption/ encrypts fields of messages, and forgets people. It may import messaging/, time/, contract/ and errors.ts.
export { type Erasable, Erased, isErased, type Unerased } from "../contract/erased.js";
export { type EncryptionOptions, encryption, withoutKeys } from "./encryption.js";
export { type DataKey, type EnvelopeKeysOptions, envelopeKeys, type KeyManagement } from "./envelope-keys.js";
export { type EnvironmentKeysOptions, environmentKeys } from "./environment-keys.js";
export { fileKeys } from "./file-keys.js";
export { folderSubjects } from "./folder-subjects.js";
export { type Key, type KeyPlace, type KeyProvider, keyOf } from "./key.js";
export { onlyFields } from "./only-fields.js";
export { type HashClient, type RedisSubjectsOptions, redisSubjects } from "./redis-subjects.js";
export type { ErasedKey, SubjectKey, SubjectKeys, SubjectStore } from "./subject-store.js";
