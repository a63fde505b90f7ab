/** Three-way merge of a form: own changes stay, the other person's are added, and both can be compared. */

export interface Merged<Form> {
  form: Form;
  /** Fields that differ. */
  differ: (keyof Form)[];
}

/** `base`: as opened; `edited`: own version; `stored`: saved by another person since. Where both changed a field, `edited` wins. */
export function merged<Form extends object>(base: Form, edited: Form, stored: Form, fields: readonly (keyof Form)[]): Merged<Form> {
  /** Localised texts are objects: what they say is compared. */
  const differs = (field: keyof Form, one: Form, other: Form): boolean => JSON.stringify(one[field]) !== JSON.stringify(other[field]);
  const form = { ...stored };
  for (const field of fields) if (differs(field, edited, base)) form[field] = edited[field];
  return { form, differ: fields.filter((field) => differs(field, edited, stored)) };
}
