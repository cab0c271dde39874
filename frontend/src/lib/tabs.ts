// The planner's panels, in their order.

export const TABS = {
  blind: "Blind spots",
  placement: "Placement",
  variants: "Variants",
  network: "Links and cables",
  power: "Power",
  bom: "Bill of materials",
  survey: "Survey",
} as const;

export type Tab = keyof typeof TABS;
