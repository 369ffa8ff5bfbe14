/** The rights that every operation of the Ingestion API asks for, reads included. */
export const INGESTION_ACL = ['addObject', 'deleteIndex', 'editSettings'];
