/** Merge of two edits of a form: my changes stay, the other's are added, and both can be compared. */

export interface Merged<Form> {
  form: Form;
  /** Fields that differ. */
  differ: (keyof Form)[];
}

/** `base` was opened, `mine` typed, `theirs` saved meanwhile. Where both changed a field, mine stays. */
export function merged<Form extends object>(base: Form, mine: Form, theirs: Form, fields: readonly (keyof Form)[]): Merged<Form> {
  const form = { ...theirs };
  for (const field of fields) if (mine[field] !== base[field]) form[field] = mine[field];
  return { form, differ: fields.filter((field) => mine[field] !== theirs[field]) };
}
