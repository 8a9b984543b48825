"use strict";
// Shows the pairs that any number of the page is counted from. Texts of models reach the page as text only.
(() => {
  const data = JSON.parse(document.getElementById("pairs-data").textContent);
  const PAGE = 20;
  const OUTCOMES = ["won", "tied", "lost", "failed"];
  const FILTERS = ["judge", "system", "baseline", "author", "domain", "outcome", "other"];
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const list = document.getElementById("pairs-list");
  const more = document.getElementById("more");
  const fields = Object.fromEntries(FILTERS.map((name) => [name, form.elements.namedItem(name)]));
  let matches = [];
  let nShown = 0;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function isolated(name) {
    return element("bdi", { className: "name" }, name);
  }

  function counted(n, noun) {
    return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  }

  // Points of the candidate over both orders; null where an order has no verdict.
  function points(verdicts) {
    const [first, second] = verdicts.orders;
    if (!first || !second || first[0] === null || second[0] === null) return null;
    return (first[0] + second[0]) / 2;
  }

  function outcome(verdicts) {
    const won = points(verdicts);
    if (won === null) return "failed";
    return won > 0.5 ? "won" : won < 0.5 ? "lost" : "tied";
  }

  function by(pair, judge) {
    return pair.verdicts.find((each) => each.judge === judge);
  }

  function option(value, text) {
    return element("option", { value: String(value) }, text);
  }

  function fill() {
    for (const [field, names] of [["judge", data.judges.map((each) => each.name)], ["system", data.systems],
      ["baseline", data.baselines], ["author", data.authors], ["domain", data.domains]]) {
      fields[field].append(option("", "all"), ...names.map((name, number) => option(number, name)));
    }
    fields.outcome.append(option("", "all"), ...OUTCOMES.map((name) => option(name, name)));
    fields.other.append(option("", "whatever others say"));
    data.judges.forEach((judge, number) => {
      fields.other.append(option(`same-${number}`, `same as ${judge.name}`));
      fields.other.append(option(`unlike-${number}`, `unlike ${judge.name}`));
    });
  }

  function chosen() {
    return Object.fromEntries(FILTERS.map((name) => [name, fields[name].value]));
  }

  function agrees(pair, verdicts, other) {
    const [relation, number] = other.split("-");
    const rival = by(pair, Number(number));
    if (!rival || points(rival) === null || points(verdicts) === null) return false;
    return (outcome(rival) === outcome(verdicts)) === (relation === "same");
  }

  // The verdicts of a pair that the filters ask for; none if the pair is not asked for.
  function asked(pair, filters) {
    for (const name of ["system", "baseline", "author", "domain"]) {
      if (filters[name] !== "" && pair[name] !== Number(filters[name])) return [];
    }
    return pair.verdicts.filter((verdicts) =>
      (filters.judge === "" || verdicts.judge === Number(filters.judge)) &&
      (filters.outcome === "" || outcome(verdicts) === filters.outcome) &&
      (filters.other === "" || agrees(pair, verdicts, filters.other)));
  }

  function select() {
    const filters = chosen();
    matches = [];
    for (const pair of data.pairs) {
      const verdicts = asked(pair, filters);
      if (verdicts.length) matches.push({ pair, verdicts });
    }
    list.replaceChildren();
    nShown = 0;
    tell();
    showMore();
  }

  // What the choice counts up to, by judge, so that a win rate can be checked against its pairs.
  function tell() {
    const lines = [element("p", {}, element("strong", {}, counted(matches.length, "pair")), " of texts")];
    data.judges.forEach((judge, number) => {
      const mine = matches.flatMap((match) => match.verdicts.filter((each) => each.judge === number));
      if (!mine.length) return;
      const count = Object.fromEntries(OUTCOMES.map((name) => [name, 0]));
      for (const each of mine) count[outcome(each)] += 1;
      const scored = mine.map(points).filter((each) => each !== null);
      const rate = scored.reduce((sum, each) => sum + each, 0) / scored.length;
      const said = scored.length ? `win rate ${rate.toFixed(3)}` : "no win rate";
      const words = `: ${scored.length} of ${mine.length} judged, ${count.won} won, ${count.tied} tied, ${count.lost} lost, `;
      const shown = judge.level === "not trusted" ? element("s", {}, said) : said;
      const level = judge.level === "trusted" ? "" : ` (${judge.level})`;
      lines.push(element("p", {}, isolated(judge.name), words, shown, level));
    });
    found.replaceChildren(...lines);
  }

  function showMore() {
    const next = matches.slice(nShown, nShown + PAGE);
    const items = next.map(item);
    list.append(...items);
    nShown += next.length;
    more.hidden = nShown >= matches.length;
    more.textContent = `Show more (${counted(matches.length - nShown, "pair")} left)`;
    return items[0];
  }

  function item({ pair, verdicts }) {
    const chips = verdicts.map((each) => {
      const name = outcome(each);
      const judge = data.judges[each.judge];
      const mark = judge.level === "trusted" ? "" : judge.level === "not trusted" ? "✗ " : "? ";
      return element("span", { className: `outcome ${name}` }, mark, isolated(judge.name), `: ${name}`);
    });
    const details = element("details", {}, element("summary", {},
      isolated(data.systems[pair.system]), " against ", isolated(data.baselines[pair.baseline]), " · ",
      isolated(data.authors[pair.author]), " · ", isolated(data.texts[pair.target]), ...chips));
    // Texts are laid out only when somebody looks.
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(opened(pair));
    });
    return element("li", {}, details);
  }

  function block(heading, text) {
    const body = text === "" ? element("p", { className: "muted" }, "none in the ledger")
      : element("div", { className: "text", dir: "auto", tabIndex: 0 }, text);
    return element("div", {}, element("h4", {}, ...heading), body);
  }

  function opened(pair) {
    const [seconds, tokens, dollars] = pair.spent;
    const system = isolated(data.systems[pair.system]);
    const baseline = isolated(data.baselines[pair.baseline]);
    const texts = element("div", { className: "texts" },
      block([system, ` (candidate), ${counted(pair.words[0], "word")}`], data.texts[pair.a]),
      block([baseline, ` (baseline), ${counted(pair.words[1], "word")}`], data.texts[pair.b]));
    const given = element("div", { className: "texts" },
      block(["A sample of the author"], data.texts[pair.sample]),
      block(["Hypotheses that the candidate was written from"], data.texts[pair.hypotheses]));
    const spent = element("p", { className: "muted" }, "The candidate's text took ",
      `${seconds.toFixed(1)} s, ${counted(tokens, "token")}, $${dollars}.`,
      ...(data.domains[pair.domain] ? [" Domain: ", isolated(data.domains[pair.domain]), "."] : []));
    return element("div", { className: "opened" }, block(["Prompt"], data.texts[pair.prompt]), given, texts,
      verdictTable(pair), spent);
  }

  function verdictTable(pair) {
    const heads = ["judge", "first text", "verdict", "reason", "took"];
    const rows = pair.verdicts.flatMap((verdicts) => verdicts.orders.map((verdict, at) => {
      const judge = data.judges[verdicts.judge];
      const first = at === 0 ? data.systems[pair.system] : data.baselines[pair.baseline];
      const named = element("th", { scope: "row" }, isolated(judge.name), element("small", {},
        judge.level === "trusted" ? data.texts[verdicts.version] : judge.level));
      const cells = verdict === null ? ["no row in the ledger", "", ""] : said(verdict);
      return element("tr", {}, named, element("td", {}, isolated(first)),
        ...cells.map((cell) => element("td", {}, cell)));
    }));
    const table = element("table", {}, element("caption", {}, "Verdicts, both orders; in a reason, a is the first text"),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows));
    const box = element("div", { className: "scroll", tabIndex: 0 }, table);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "verdicts");
    return box;
  }

  function said([won, reason, seconds, tokens, dollars]) {
    const verdict = won === null ? "none" : won === 1 ? "candidate" : won === 0 ? "baseline" : "tie";
    const took = [`${seconds} s`, ...(tokens ? [counted(tokens, "token")] : []), ...(dollars ? [`$${dollars}`] : [])];
    return [verdict, element("span", { className: "name reason" }, data.texts[reason] || "no reason given"), took.join(", ")];
  }

  // The choice stands in the address, so that a number can be linked to its pairs and a choice can be shared.
  function fromAddress() {
    if (!location.hash.startsWith("#pairs?")) return false;
    const wanted = new URLSearchParams(location.hash.slice("#pairs?".length));
    for (const name of FILTERS) {
      fields[name].value = wanted.get(name) ?? "";
      if (fields[name].selectedIndex < 0) fields[name].value = "";
    }
    return true;
  }

  function toAddress() {
    const filters = Object.entries(chosen()).filter(([, value]) => value !== "");
    history.replaceState(null, "", "#pairs?" + new URLSearchParams(filters));
  }

  function arrive() {
    if (!fromAddress()) return;
    select();
    const heading = document.getElementById("pairs");
    heading.scrollIntoView();
    heading.focus({ preventScroll: true });
  }

  function leadRows() {
    for (const row of document.querySelectorAll(".by-judge tbody tr")) {
      const link = row.querySelector("a");
      if (!link) continue;
      row.dataset.leads = "";
      row.addEventListener("click", (event) => {
        if (!event.target.closest("a") && String(getSelection()) === "") link.click();
      });
    }
  }

  fill();
  form.hidden = false;
  form.addEventListener("change", () => { select(); toAddress(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { select(); toAddress(); }));
  more.addEventListener("click", () => showMore()?.querySelector("summary").focus());
  addEventListener("hashchange", arrive);
  leadRows();
  if (fromAddress()) arrive(); else select();
})();
