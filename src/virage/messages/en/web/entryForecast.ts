/** Texts of the control room's forecast of the entry. */
export const entryForecast = {
  title: "Entry forecast",
  about: "When everybody is in, and where people will wait: a model of arrivals and gates, from the tickets and the counts so far. It supports decisions and is no count.",
  none: "Not measured: from the doors until an hour after the start, as soon as a gate has counted people.",
  late: (time: string) => `Late: this forecast is from the counts of ${time}.`,
  silent: (count: number) => (count === 1 ? "One gate is not measured now: its last count is used." : `${count} gates are not measured now: their last counts are used.`),
  inside: "In now",
  ofTickets: (tickets: string) => `of ${tickets} tickets`,
  ahead: (time: string) => `In at ${time}`,
  coming: "Will come",
  allIn: "Everybody in",
  band: (low: string, high: string) => `95 %: ${low} to ${high}`,
  by: (time: string) => `95 %: by ${time}`,
  later: (time: string) => `95 %: after ${time}`,
  now: "now",
  after: (time: string) => `after ${time}`,
  share: "“Everybody” is 99 % of the people who come.",
  gates: "Queues in ten minutes",
  gate: "Gate",
  waiting: "Waiting in ten minutes",
  flow: "In per minute",
  most: (people: string) => `95 %: at most ${people}`,
  will: (limit: string) => `more than ${limit}`,
  may: (limit: string) => `may exceed ${limit}`,
  model: "no counter: by the model",
};

export type Words = typeof entryForecast;
