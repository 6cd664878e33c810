// What is imported besides TypeScript is within the bundle.
declare module "*.wgsl" {
  const source: string;
  export default source;
}
declare module "npm:*";
