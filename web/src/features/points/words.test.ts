import { describe, expect, test } from "vitest";
import { officePoints as officeDe } from "$messages/de/web/officePoints";
import { pointsTexts as de } from "$messages/de/web/points";
import { officePoints as officeEn } from "$messages/en/web/officePoints";
import { pointsTexts as en } from "$messages/en/web/points";
import { pointsTexts as fr } from "$messages/fr/web/points";

describe("the words about points", () => {
  test("have their verb in the singular for one point", () => {
    expect(en.lapses.next(1, "1", "1 March")).toBe("1 point lapses on 1 March");
    expect(fr.lapses.next(1, "1", "1er mars")).toBe("1 point expire le 1er mars");
    expect(de.lapses.next(1, "1", "1. März")).toBe("1 Punkt verfällt am 1. März");
    expect(fr.tier.earned(1, "1")).toBe("1 point gagné ces 12 derniers mois");
    expect(fr.why.writtenOff(1, "1")).toBe("1 point avait déjà été utilisé. Vous ne devez rien.");
    expect(de.why.writtenOff(1, "1")).toBe("1 Punkt war schon eingelöst. Sie schulden nichts.");
    expect(officeEn.totals.open(1, "1")).toBe("1 point is in fans’ accounts.");
    expect(officeDe.totals.open(1, "1")).toBe("1 Punkt ist auf den Konten der Fans.");
  });

  test("have their verb in the plural for several points", () => {
    expect(en.lapses.next(20, "20", "1 March")).toBe("20 points lapse on 1 March");
    expect(fr.lapses.next(20, "20", "1er mars")).toBe("20 points expirent le 1er mars");
    expect(de.lapses.next(20, "20", "1. März")).toBe("20 Punkte verfallen am 1. März");
    expect(fr.tier.earned(20, "20")).toBe("20 points gagnés ces 12 derniers mois");
    expect(fr.why.writtenOff(20, "20")).toBe("20 points avaient déjà été utilisés. Vous ne devez rien.");
    expect(de.why.writtenOff(20, "20")).toBe("20 Punkte waren schon eingelöst. Sie schulden nichts.");
    expect(officeEn.totals.open(20, "20")).toBe("20 points are in fans’ accounts.");
    expect(officeDe.totals.open(20, "20")).toBe("20 Punkte sind auf den Konten der Fans.");
  });

  test("say what is lost by leaving, and nothing of it without points", () => {
    expect([0, 1, 20].map((count) => en.leave.text(count, String(count)))).toEqual([
      "If you leave, your account is closed.",
      "If you leave, your account is closed and your point lapses at once.",
      "If you leave, your account is closed and your 20 points lapse at once.",
    ]);
    expect([0, 1, 20].map((count) => fr.leave.text(count, String(count)))).toEqual([
      "Si vous quittez le programme, votre compte est fermé.",
      "Si vous quittez le programme, votre compte est fermé et vous perdez aussitôt votre point.",
      "Si vous quittez le programme, votre compte est fermé et vous perdez aussitôt vos 20 points.",
    ]);
    expect([0, 1, 20].map((count) => de.leave.text(count, String(count)))).toEqual([
      "Wenn Sie aussteigen, wird Ihr Konto geschlossen.",
      "Wenn Sie aussteigen, wird Ihr Konto geschlossen und Ihr Punkt verfällt sofort.",
      "Wenn Sie aussteigen, wird Ihr Konto geschlossen und Ihre 20 Punkte verfallen sofort.",
    ]);
  });
});
