"""How well every text of a page stands out from what is behind it, by the formula of WCAG 2."""

AA = 4.5
"""What WCAG asks of text of common size, level AA."""
RATIOS = """() => {
    const parse = (text) => {
        const context = new OffscreenCanvas(1, 1).getContext("2d");
        context.fillStyle = text;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((value) => {
            const part = value / 255;
            return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return colour.endsWith(", 0)") || colour.includes("/ 0") || !element.parentElement || colour.startsWith("rgba")
            ? (element.parentElement ? behind(element.parentElement) : colour)
            : colour;
    };
    const seen = {};
    for (const element of document.querySelectorAll("#app *")) {
        if (!element.innerText?.trim() || !element.checkVisibility()) continue;
        const colour = getComputedStyle(element).color;
        const ink = light(parse(colour));
        const paper = light(parse(behind(element)));
        seen[colour] = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    }
    return seen;
}"""


def weak(page):
    """Colours of text that stand out too little, with their ratio; how many colours there were at all."""
    ratios = page.evaluate(RATIOS)
    return {colour: round(ratio, 2) for colour, ratio in ratios.items() if ratio < AA}, len(ratios)
