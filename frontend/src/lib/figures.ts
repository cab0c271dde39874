// Figures as a person reads them.

/** Money in cents. */
export function money(cents: number | null, currency: string): string {
  if (cents === null) return "–";
  return `${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
}

/** A share, 0 to 1, rounded down: below what is asked for never reads as if it reached it, and 100 % is all of it. As `seamline.shares` does. */
export function percent(share: number): string {
  return `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)} %`;
}

/** Energy of a day: a sensor uses some thousandths of a watt-hour, a camera hundreds. */
export function wattHours(value: number | null): string {
  if (value === null) return "not known";
  return value !== 0 && value < 1 ? `${significant(value * 1000)} mWh` : `${significant(value)} Wh`;
}

const YEAR_D = 365;

/** Days, and years where days say nothing any more. */
export function days(value: number): string {
  return value >= 3 * YEAR_D ? `${significant(value / YEAR_D)} years` : `${value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 })} days`;
}

export function area(squareMetres: number): string {
  return squareMetres >= 20_000 ? `${significant(squareMetres / 10_000)} ha` : `${squareMetres.toLocaleString("en-US", { maximumFractionDigits: squareMetres < 100 ? 1 : 0 })} m²`;
}

/** Three figures that count, no more. */
function significant(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
