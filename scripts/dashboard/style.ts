import { darkDrawings } from "../kit/page";
import { CARD, SERIES_COLOURS } from "./charts";

const seriesVariables = (scheme: "light" | "dark"): string =>
  SERIES_COLOURS.map((colour, index) => `--s${index}:${colour[scheme]}`).join(";");

/** CSS of the dashboard: 24 columns; two cards a row on a tablet, one on a phone. */
export const DASHBOARD_STYLE = `
:root{${seriesVariables("light")};--tint:#fdecea;--tint2:#fdf1e3}
main{max-width:1480px}
.board{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));gap:12px;margin-top:18px}
.board>*{margin:0;min-width:0}
.board .text{padding:4px 2px 0;overflow-wrap:anywhere}
.board .text h2{margin:18px 0 0;font-size:1.25rem}
.board .text h2:first-child{margin-top:8px}
.board .text p{color:var(--muted);font-size:.9rem;margin:6px 0 0}
.board section{padding:14px 14px 12px;display:flex;flex-direction:column;scroll-margin-top:12px}
.board section:target{outline:2px solid var(--link);outline-offset:2px}
.board h3{overflow-wrap:anywhere;font-size:.95rem;line-height:1.35}
.now{margin:6px 0 0;font-variant-numeric:tabular-nums;line-height:1.3}
.now b{font-size:1.5rem;font-weight:650;margin-right:8px}
.now span{color:var(--muted);font-size:.82rem;white-space:nowrap}
.chip{display:inline-block;font-size:.8rem;border-radius:6px;padding:2px 8px;margin:6px 6px 0 0}
.chips{margin:0}
.past{color:var(--muted);border:1px solid var(--edge)}
.bad{border-color:var(--warning)}.unsure{border-color:var(--unsure)}
.bad .now b,.list .bad{color:var(--warning)}.unsure .now b,.list .unsure{color:var(--unsure)}
.chip.bad{background:var(--tint);color:var(--warning)}.chip.unsure{background:var(--tint2);color:var(--unsure)}
.keys{list-style:none;margin:6px 0 0;padding:0;font-size:.82rem;color:var(--muted);font-variant-numeric:tabular-nums}
.keys li{display:flex;align-items:center;gap:7px;flex-wrap:wrap}
.keys b{color:var(--ink);font-weight:600;margin-left:auto}
.keys i{flex:none;width:16px;height:0;border-top:3px solid}
.keys i.dash{border-top:2px dashed}
.lines{display:flex;flex-wrap:wrap;gap:2px 14px;margin-top:4px}
.board figure{margin-top:8px}
.board svg{max-width:640px}
.empty{flex:1;display:flex;align-items:center;justify-content:center;min-height:110px;margin:10px 0 4px}
.empty{color:var(--muted);border:1px dashed var(--edge);border-radius:8px}
.note{color:var(--muted);font-size:.82rem;margin:6px 0 0}
.board details{margin-top:auto;padding-top:8px;font-size:.85rem}
.board details .scroll{max-height:300px;overflow:auto}
.board details table{font-size:.8rem}
.alarms{display:flex;flex-wrap:wrap;gap:6px;list-style:none;margin:10px 0 0;padding:0;font-size:.85rem}
.alarms li{border:1px solid var(--edge);border-radius:6px;padding:2px 9px;overflow-wrap:anywhere}
.alarms .bad{background:var(--tint);color:var(--warning);border-color:var(--warning);font-weight:600}
.alarms .good{border-color:var(--good);color:var(--good)}
.alarms a{color:inherit}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:18px}
.board .text{scroll-margin-top:12px}
.list{margin:0;padding-left:20px}
.list a,nav a{color:var(--link)}
@media(max-width:1000px){.board{grid-template-columns:repeat(2,minmax(0,1fr))}
.board>*{grid-area:auto!important}.board>.wide{grid-column:1/-1!important}}
@media(max-width:640px){.board{grid-template-columns:minmax(0,1fr)}}
@media(prefers-color-scheme:dark){:root{${seriesVariables("dark")};--tint:#3a2023;--tint2:#35291a}
${darkDrawings([...SERIES_COLOURS, CARD])}}
@media print{.board section{break-inside:avoid}}
`;
