// node node.mjs MODULE SCENES: the hash of all masks.
import { readFileSync } from "node:fs";
import { hash } from "./masks.mjs";

const [module, scenes] = process.argv.slice(2).map((path) => readFileSync(path));
console.log(await hash(module, JSON.parse(scenes)));
