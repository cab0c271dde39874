// What is said of a value that nobody measured: which model guessed it, and how sure it was.

import type { FieldShape, InferredBy, Reading } from "../api/schema";
import { count } from "./format";

/** Who guessed the field in records of this layout; null when it was measured. */
export function guesser(field: FieldShape, layout: number): InferredBy | null {
  return field.inferred.find((source) => source.layout === layout) ?? null;
}

/** The guess in words, with the confidence that the same reading holds; empty for what was measured. */
export function guessed(field: FieldShape, reading: Reading): string {
  const source = guesser(field, reading.layout);
  if (!source) return "";
  const sure = reading.values[source.confidence];
  return `inferred by ${source.model} ${source.version}, ${source.confidence} ${typeof sure === "number" ? count(sure) : "not told"}`;
}
