/** What is used of papaparse; its published types load all of Node's, whose globals no browser has. */
declare module "papaparse" {
  const papa: { parse<Row>(text: string, options: { delimiter: string }): { data: Row[] } };
  export default papa;
}
