/** The used part of papaparse; its published types load those of Node, whose globals browsers lack. */
declare module "papaparse" {
  const papa: {
    parse<Row>(text: string, options: { delimiter: string }): { data: Row[] };
    unparse(rows: Record<string, unknown>[], options: { escapeFormulae: boolean }): string;
  };
  export default papa;
}
