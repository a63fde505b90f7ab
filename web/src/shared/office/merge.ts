/** What two people made of the same form: my changes stay, the other's come with them, and both can be compared. */

export interface Merged<Form> {
  form: Form;
  /** The fields in which the two differ. */
  differ: (keyof Form)[];
}

/** `base` is what I opened, `mine` what I typed, `theirs` what was saved meanwhile. Where both changed a field, mine stays. */
export function merged<Form extends object>(base: Form, mine: Form, theirs: Form, fields: readonly (keyof Form)[]): Merged<Form> {
  const form = { ...theirs };
  for (const field of fields) if (mine[field] !== base[field]) form[field] = mine[field];
  return { form, differ: fields.filter((field) => mine[field] !== theirs[field]) };
}
