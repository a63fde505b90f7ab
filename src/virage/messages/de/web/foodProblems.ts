import type { foodProblems as english } from "../../en/web/foodProblems";

export const foodProblems: typeof english = {
  catalogue_incomplete: "Der Entwurf ist unvollständig. Korrigieren Sie die markierten Artikel.",
  stock_short: "Der Bestand reicht nicht. Zählen Sie ihn zuerst.",
  alcohol_permits_used_up: "Alle zehn Genehmigungen dieses Jahres sind verbraucht.",
  id_taken: "Das wurde schon mit anderen Angaben gespeichert. Sehen Sie in der Liste nach.",
  unsupported_media_type: "Nur Bilder im Format JPEG, PNG oder WebP sind möglich.",
  picture_too_large: "Das Bild ist zu groß: höchstens 300 kB und 2.000 Pixel pro Seite.",
  too_large: "Das Bild ist zu groß: höchstens 300 kB und 2.000 Pixel pro Seite.",
  cards_off: "Dieses Stadion ist nicht für Kontaktlos-Karten eingerichtet.",
  code_wrong: "Keine Karte hat diesen Code.",
  card_in_use: "Die Karte mit diesem Code wird schon verwendet. Nehmen Sie als Ersatz eine neue Karte.",
  card_linked: "Die Karte mit diesem Code gehört schon jemandem.",
  card_blocked: "Die Karte mit diesem Code ist gesperrt.",
  terms_overlap: "Ein anderer Vertrag gilt an einem dieser Tage schon für diesen Kiosk.",
  terms_in_force: "Dieser Vertrag begann an einem abgeschlossenen Tag. Nur das Ende kann sich ändern, und nicht auf vor den letzten abgeschlossenen Tag.",
  concessionaire_in_use: "Ein Pächter mit Kiosken kann nicht gelöscht werden. Beenden Sie stattdessen seine Verträge.",
  period_too_long: "Dieser Zeitraum ist zu lang. Wählen Sie einen kürzeren.",
};
