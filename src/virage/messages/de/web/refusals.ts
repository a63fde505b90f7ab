import type { refusals as English } from "../../en/web/refusals";

const sentBefore = "Das wurde schon mit anderen Angaben gesendet. Laden Sie die Seite neu und sehen Sie nach, bevor Sie es erneut versuchen.";

/** Refusals that few people meet: fetched with the first of them. */
export const refusals: typeof English = {
  // places and orders
  category_unknown: "Diese Preiskategorie ist nicht mehr im Verkauf. Laden Sie die Seite neu und wählen Sie noch einmal.",
  block_unknown: "Dieser Block ist bei dieser Veranstaltung nicht im Verkauf. Laden Sie die Seite neu und wählen Sie noch einmal.",
  area_unknown: "Dieser Stehplatzbereich ist bei dieser Veranstaltung nicht im Verkauf. Laden Sie die Seite neu und wählen Sie noch einmal.",
  payment_failed: "Ihre Bank hat diese Zahlung abgelehnt. Es wurde nichts abgebucht. Versuchen Sie es erneut oder nehmen Sie eine andere Karte.",
  tickets_affected: "Einige Tickets brauchen einen anderen Platz oder eine Erstattung. Wählen Sie für jedes und speichern Sie dann erneut.",
  venue_file_defects: "Die Stadiondatei hat Fehler. Es wurde nichts gespeichert.",
  prices_sold_places: "Einige dieser Plätze sind schon verkauft. Prüfen Sie die Änderungen und speichern Sie erneut.",
  not_for_sale: "Diese Plätze sind nicht im Verkauf.",
  party_invalid: "Wählen Sie 1 bis 9 Tickets.",
  place_needs_access: "Ein Rollstuhlplatz braucht ein barrierefreies Ticket.",
  order_not_open: "Diese Bestellung ist nicht mehr offen.",
  order_already_paid: "Diese Bestellung ist schon bezahlt.",
  terms_not_accepted: "Die Verkaufsbedingungen haben sich geändert. Lesen Sie sie und bezahlen Sie dann erneut.",
  tickets_not_named: "Auf Tickets für diese Veranstaltung steht kein Name.",
  paper_not_accepted: "Bei dieser Veranstaltung werden keine Papiertickets akzeptiert. Nutzen Sie das Ticket in der App.",
  // passes
  pass_already_entered: "Dieses Ticket wurde am Eingang schon verwendet. Es kann nicht mehr übertragen werden.",
  pass_bound_to_another_phone: "Dieses Ticket ist auf einem anderen Handy. Übertragen Sie es zuerst hierher.",
  pass_expired: "Diese Veranstaltung ist vorbei; das Ticket ist nicht mehr gültig.",
  pass_not_bound: "Dieses Ticket ist noch auf keinem Handy. Öffnen Sie es auf dem Handy, das Sie mitbringen.",
  pass_not_open_yet: "Der Einlasscode ist noch nicht verfügbar. Kommen Sie kurz vor der Veranstaltung wieder.",
  pass_printed: "Dieses Ticket wurde gedruckt. Übertragen Sie es auf ein Handy oder bringen Sie das gedruckte Ticket mit.",
  pass_rebinds_used_up: "Dieses Ticket kann auf kein weiteres Handy übertragen werden. Fragen Sie an der Tageskasse.",
  pass_revoked: "Dieses Ticket wurde erstattet oder ersetzt. Es ist nicht mehr gültig.",
  // food, replays, accounts
  no_route: "Gerade ist kein Weg offen.",
  replay_download_not_allowed: "Diese Wiederholung kann nicht heruntergeladen werden.",
  pin_trivial: "Diese PIN ist zu leicht zu erraten. Wählen Sie eine andere.",
  wallet_not_empty: "In Ihrem Guthaben ist noch Geld, das nicht auf eine Karte zurückgehen kann. Holen Sie es an einem Kartenschalter ab und löschen Sie dann Ihr Konto.",
  has_upcoming_tickets: "Sie haben noch Tickets für kommende Veranstaltungen.",
  cookie_missing: "Ihr Browser hat die Anmeldung nicht behalten. Erlauben Sie Cookies oder öffnen Sie die Seite über HTTPS und fordern Sie einen neuen Code an.",
  own_wallet: "Sie können sich selbst keinen Bonus geben. Bitten Sie jemanden aus dem Team.",
  amount_invalid: "Geben Sie einen gültigen Betrag ein.",
  // requests that the app made badly, or twice with other details
  cross_site: "Ihr Browser hat nicht gesagt, woher diese Anfrage kam. Laden Sie die Seite neu und versuchen Sie es erneut.",
  unprocessable: "Diese App hat etwas gesendet, das der Server nicht verwenden kann. Laden Sie die Seite neu und versuchen Sie es erneut.",
  id_reused: sentBefore,
  gift_id_taken: sentBefore,
  top_up_id_taken: sentBefore,
  // codes that only API clients and commands receive
  account_not_found: "Dieses Konto gibt es nicht.",
  admin_exists: "Es gibt schon eine Administration. Lassen Sie sich von ihr einladen.",
  amount_mismatch: "Der Betrag weicht vom vereinbarten ab. Es wurde nichts gebucht.",
  exceeds_hold: "Der Betrag ist höher als der reservierte.",
  hold_ended: "Die Reservierung ist abgelaufen. Beginnen Sie neu.",
  hold_not_found: "Es gibt keine Reservierung mit dieser ID.",
  method_not_allowed: "Diese Adresse nimmt diese Art von Anfrage nicht an.",
  not_acceptable: "Die Antwort gibt es nicht im verlangten Format.",
  pairing_invalid: "Dieser Code ist falsch oder abgelaufen. Bitten Sie das Büro um einen neuen.",
  payment_id_taken: sentBefore,
  period_closed: "Dieser Tag ist schon abgeschlossen. Schließen Sie ab dem ersten offenen Tag ab.",
  refund_id_taken: sentBefore,
  signature_invalid: "Die Signatur ist ungültig. Prüfen Sie den Schlüssel und signieren Sie erneut.",
  transfer_id_taken: sentBefore,
  uid_taken: "Diese Karte ist schon registriert. Nehmen Sie eine leere.",
};
