/** Saves an event: a new organiser or series first, then the event, each with a client-made id. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { missingIn, tidied } from "../../../shared/i18n/texts";
import { acting } from "../../../shared/office/acting.svelte";
import { desk } from "../../../shared/office/desk.svelte";
import type { OfficeEvent, Organiser, Series } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";
import { contentOf, NEW, type EventForm } from "./form";
import { FIELD_OF } from "./state";

export type Saved = { ok: true; entry: OfficeEvent } | { ok: false; errors: Record<string, string>; problem: Problem | null };

const refused = (problem: Problem): Saved => {
  const errors = problem.code === "event_incomplete" ? defectErrors(problem.data.defects as string[]) : {};
  return { ok: false, errors, problem };
};

/** Errors by field. */
export function defectErrors(defects: readonly string[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const defect of defects) {
    const language = /^title_(.+)_missing$/.exec(defect)?.[1];
    const field = language ? `title_${language}` : FIELD_OF[defect];
    if (field) errors[field] = words.defect(defect);
  }
  return errors;
}

function missing(form: EventForm, fresh: boolean): Record<string, string> {
  const { w } = words;
  const errors: Record<string, string> = {};
  // A draft may lack one language, but needs a title in at least one.
  if (fresh && Object.keys(tidied(form.title)).length === 0) errors[`title_${i18n.languages[0]}`] = w.form.titleMissing;
  for (const field of contentOf(form, null).unreadable) errors[field] = w.form.unreadable[field as keyof typeof w.form.unreadable] ?? w.form.noTime;
  if (!form.venue_code) errors.venue = w.form.venueMissing;
  if (!form.organiser_id) errors.organiser = w.form.organiserMissing;
  if (form.organiser_id === NEW && !form.organiser_name.trim()) errors.organiser_name = w.form.nameMissing;
  if (form.series_id === NEW && missingIn(form.series).length > 0) errors.series = w.form.allLanguages;
  return errors;
}

/** Makes sure that the organiser and the series of the form exist; their ids stay in the form. */
async function neighbours(form: EventForm): Promise<Problem | null> {
  if (form.organiser_id === NEW) {
    const body = { id: form.organiser_new, name: form.organiser_name.trim() };
    const made = await answered<Organiser>(api.POST("/api/office/organisers", { body }));
    if (!made.ok) return made.problem;
    desk.organisers = [...desk.organisers, made.data];
    form.organiser_id = made.data.id;
  }
  if (form.series_id === NEW) {
    const title = tidied(form.series);
    const made = await answered<Series>(api.POST("/api/office/series", { body: { id: form.series_new, organiser_id: form.organiser_id, title } }));
    if (!made.ok) return made.problem;
    desk.series = [...desk.series, made.data];
    form.series_id = made.data.id;
  }
  return null;
}

/** Creates the event, or replaces the content of the one that is there. */
export async function save(form: EventForm, id: string, there: OfficeEvent | null): Promise<Saved> {
  const errors = missing(form, there === null);
  if (Object.keys(errors).length > 0) return { ok: false, errors, problem: null };
  const problem = await neighbours(form);
  if (problem) return refused(problem);
  const content = contentOf(form, form.series_id || null).content!;
  const answer: Answer<OfficeEvent> = await acting(() =>
    there
      ? answered<OfficeEvent>(
          api.PUT("/api/office/events/{event_id}", { params: { path: { event_id: id } }, body: { ...content, revision: there.event.revision } }),
        )
      : answered<OfficeEvent>(api.POST("/api/office/events", { body: { ...content, id, organiser_id: form.organiser_id, venue_code: form.venue_code } })),
  );
  if (!answer.ok && !there && answer.problem.code === "id_taken") {
    // It was created by a request whose answer was lost; the current input replaces it.
    await desk.loadEvents();
    const made = desk.find(id);
    if (made) return save(form, id, made);
  }
  if (!answer.ok) return refused(answer.problem);
  desk.keep(answer.data);
  return { ok: true, entry: answer.data };
}
