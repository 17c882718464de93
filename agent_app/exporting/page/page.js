"use strict";
(() => {
  const run = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const STAGES = ["capture", "encode", "prefill", "decode", "parse", "act", "settle"];
  const MEANINGS = {
    capture: "taking the screenshot",
    encode: "turning the screenshot and the text into the model's input",
    prefill: "the model reading its input",
    decode: "the model thinking and answering",
    parse: "turning the answer into actions",
    act: "moving the pointer, clicking, typing",
    settle: "waiting until the screen came to rest",
  };
  const RING = 15, LOUPE_ZOOM = 2;
  const KEPT_PIXELS = 60e6;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  let index = 0, view = "target", time = 0, playing = false, factor = 1, lastTick = 0;
  let drawn = null; // the frame on the stage, to tell a late picture from the one wanted
  let enlarged = null; // the picture that the loupe is of, when there is one

  // A frame is its base with patches over it; the latest pictures are kept.
  const kept = new Map();
  function picture(number) {
    if (!kept.has(number)) kept.set(number, compose(number));
    const found = kept.get(number);
    kept.delete(number);
    kept.set(number, found);
    const { width, height } = run.frames[number];
    const most = Math.max(3, Math.floor(KEPT_PIXELS / (width * height)));
    for (const old of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(old);
    }
    return found;
  }
  async function compose(number) {
    const frame = run.frames[number];
    const store = $("frame-" + number);
    if (!store) return null;
    const canvas = document.createElement("canvas");
    canvas.width = frame.width;
    canvas.height = frame.height;
    const pen = canvas.getContext("2d");
    const base = frame.base === null ? null : picture(frame.base);
    const patches = store.textContent.trim().split("\n").filter(Boolean).map(decode);
    if (base !== null) pen.drawImage(await base, 0, 0);
    for (let at = 0; at < patches.length; at++) {
      pen.drawImage(await patches[at], frame.places[at][0], frame.places[at][1]);
    }
    return canvas;
  }
  async function decode(text) {
    const image = new Image();
    image.src = "data:image/webp;base64," + text;
    await image.decode();
    return image;
  }

  const step = () => run.steps[index];
  const stagesOf = (one) => one.timing ? STAGES.filter((name) => one.timing[name] >= 0.0005) : [];
  function frameShown() {
    if (!run.steps.length) return run.frames.length ? 0 : null;
    return view === "after" ? step().after : step().before;
  }

  async function drawStage() {
    const number = frameShown();
    drawn = number;
    const canvas = number === null ? null : await picture(number);
    if (drawn !== number) return;
    const screen = $("screen");
    $("lost").hidden = canvas !== null;
    screen.hidden = canvas === null;
    if (canvas === null) {
      $("lost").textContent = number === null
        ? (view === "after" ? "no screen was recorded after this step" : "no screen was recorded")
        : "this frame is missing or damaged";
    } else {
      screen.width = canvas.width;
      screen.height = canvas.height;
      screen.getContext("2d").drawImage(canvas, 0, 0);
    }
    drawMarks();
    enlarged = view === "after" ? null : canvas;
    drawLoupe();
    document.body.dataset.shown = number === null ? "none" : String(number);
  }

  function target() {
    if (!run.steps.length) return null;
    return step().deeds.findLast((deed) => deed.points.length) || null;
  }

  // Marks are drawn over the picture in the pixels of the display, as sharp at any size.
  function drawMarks() {
    const canvas = $("marks"), screen = $("screen"), ratio = devicePixelRatio;
    const box = canvas.getBoundingClientRect(), inner = screen.getBoundingClientRect();
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    if (view !== "target" || screen.hidden || !run.steps.length) return;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const scale = inner.width / screen.width;
    const place = ([x, y]) => [inner.left - box.left + x * scale, inner.top - box.top + y * scale];
    for (const deed of step().deeds) if (deed.points.length) mark(pen, deed, deed.points.map(place), RING);
  }
  function mark(pen, deed, places, radius) {
    const [x, y] = places.at(-1);
    const color = getComputedStyle(document.documentElement).getPropertyValue("--mark");
    const path = new Path2D();
    path.arc(x, y, radius, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      path.moveTo(x + dx * (radius - 6), y + dy * (radius - 6));
      path.lineTo(x + dx * (radius + 7), y + dy * (radius + 7));
    }
    if (deed.kind === "drag" && places.length > 1) arrow(path, places[0], [x, y], radius);
    if (deed.kind === "scroll" && (deed.dx || deed.dy)) {
      const length = Math.hypot(deed.dx, deed.dy), ux = deed.dx / length, uy = -deed.dy / length;
      arrow(path, [x + ux * radius, y + uy * radius], [x + ux * 64, y + uy * 64], 0);
    }
    pen.lineCap = pen.lineJoin = "round";
    for (const [style, width] of [["#fff", 6], [color, 3]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.stroke(path);
    }
    pen.fillStyle = color;
    pen.beginPath();
    pen.arc(x, y, 2, 0, 2 * Math.PI);
    pen.fill();
  }
  function arrow(path, [x0, y0], [x1, y1], short) {
    const angle = Math.atan2(y1 - y0, x1 - x0);
    const [x, y] = [x1 - short * Math.cos(angle), y1 - short * Math.sin(angle)];
    path.moveTo(x0, y0);
    path.lineTo(x, y);
    for (const side of [2.6, -2.6]) {
      path.moveTo(x, y);
      path.lineTo(x + 12 * Math.cos(angle + side), y + 12 * Math.sin(angle + side));
    }
  }
  function drawLoupe() {
    const loupe = $("loupe"), deed = target(), canvas = enlarged;
    loupe.hidden = !(canvas && deed);
    if (loupe.hidden) return;
    const ratio = devicePixelRatio, wide = loupe.clientWidth, high = loupe.clientHeight;
    loupe.width = wide * ratio;
    loupe.height = high * ratio;
    const pen = loupe.getContext("2d");
    pen.scale(ratio, ratio);
    pen.imageSmoothingEnabled = false;
    const [x, y] = deed.points.at(-1);
    const left = clamp(x - wide / 2 / LOUPE_ZOOM, 0, Math.max(0, canvas.width - wide / LOUPE_ZOOM));
    const top = clamp(y - high / 2 / LOUPE_ZOOM, 0, Math.max(0, canvas.height - high / LOUPE_ZOOM));
    pen.drawImage(canvas, left, top, wide / LOUPE_ZOOM, high / LOUPE_ZOOM, 0, 0, wide, high);
    const spot = [(x - left) * LOUPE_ZOOM, (y - top) * LOUPE_ZOOM];
    mark(pen, { kind: "click" }, [spot], RING + 3);
  }

  // Everything that was recorded enters the page as text, never as markup.
  function add(parent, tag, text, tone) {
    const node = document.createElement(tag);
    node.textContent = text;
    if (tone) node.dataset.tone = tone;
    parent.append(node);
    return node;
  }
  function seconds(value) {
    if (value < 0.9995) return Math.round(value * 1000) + " ms";
    if (value < 59.95) return value.toFixed(value < 9.995 ? 2 : 1) + " s";
    return Math.floor(Math.round(value) / 60) + " min " + String(Math.round(value) % 60).padStart(2, "0") + " s";
  }
  function clock(value) {
    const whole = Math.floor(value), minutes = Math.floor(whole / 60);
    return minutes + ":" + String(whole % 60).padStart(2, "0") + "." + Math.floor((value - whole) * 10);
  }
  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

  function showStep() {
    if (!run.steps.length) return;
    const now = step();
    $("number").textContent = `Step ${now.number} of ${run.steps.at(-1).number}`;
    $("result").textContent = $("result").title = now.result;
    $("result").dataset.tone = now.tone;
    $("took").textContent = seconds(now.ended - now.began);
    $("intent").textContent = now.intent;
    const deeds = $("deeds");
    deeds.replaceChildren();
    for (const deed of now.deeds) {
      const item = add(deeds, "li", deed.text);
      if (!deed.done) {
        item.className = "undone";
        item.title = "nothing says that it was carried out";
      }
    }
    $("doing").textContent = $("doing").title = now.deeds.map((deed) => deed.text).join(", ");
    $("thoughts").hidden = !now.thought;
    $("summaries").hidden = !now.summary;
    $("summary").textContent = now.summary;
    const notes = $("notes");
    notes.replaceChildren();
    for (const [tone, text] of now.notes) add(notes, "li", text, tone);
    const split = $("split"), list = $("stages");
    split.replaceChildren();
    list.replaceChildren();
    const spent = stagesOf(now);
    $("latency").hidden = !spent.length;
    for (const name of spent) {
      const part = add(split, "i", "");
      part.style.flexGrow = 1000 * now.timing[name]; // below 1 in all, they would not fill the bar
      part.style.background = `var(--${name})`;
      part.title = `${name}: ${seconds(now.timing[name])}`;
      const row = add(list, "div", "");
      row.title = MEANINGS[name];
      add(row, "dt", name).style.setProperty("--stage", `var(--${name})`);
      add(row, "dd", seconds(now.timing[name]));
    }
    const strip = $("strip");
    strip.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    const card = strip.children[index];
    card.setAttribute("aria-selected", "true");
    strip.scrollTo({
      left: card.offsetLeft - (strip.clientWidth - card.clientWidth) / 2,
      behavior: calm || factor > 4 ? "auto" : "smooth",
    });
    if (now.after !== null) picture(now.after); // ready before it is asked for
  }

  function showThought(whole) {
    if (!run.steps.length) return;
    const now = step(), text = now.thought;
    const share = whole ? 1 : clamp((time - now.began) / Math.max(now.answered - now.began, 1e-3), 0, 1);
    const cut = Math.round(share * text.length);
    $("said").textContent = text.slice(0, cut);
    $("unsaid").textContent = text.slice(cut);
    const box = $("thought"), end = $("said").getClientRects();
    if (whole) box.scrollTop = 0;
    else if (end.length) {
      box.scrollTop += end[end.length - 1].bottom - box.getBoundingClientRect().top - box.clientHeight * 0.7;
    }
  }

  function showTabs() {
    for (const tab of document.querySelectorAll("[data-view]")) {
      tab.setAttribute("aria-selected", String(tab.dataset.view === view));
    }
  }

  function drawTimeline() {
    const canvas = $("timeline"), ratio = devicePixelRatio, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue("--" + name);
    pen.scale(ratio, ratio);
    const x = (at) => run.seconds ? (at / run.seconds) * width : 0;
    pen.fillStyle = color("sunken");
    pen.beginPath();
    pen.roundRect(0, 5, width, height - 10, 5);
    pen.fill();
    pen.clip();
    run.steps.forEach((one, number) => {
      const left = x(one.began), right = Math.max(x(one.ended), left + 1);
      pen.globalAlpha = number === index ? 1 : 0.5;
      const spent = stagesOf(one);
      const parts = spent.length ? spent.map((name) => [name, one.timing[name]]) : [["muted", 1]];
      const sum = parts.reduce((all, [, value]) => all + value, 0);
      let at = left;
      for (const [name, value] of parts) {
        const wide = (value / sum) * Math.max(right - left - 1, 1);
        pen.fillStyle = color(name);
        pen.fillRect(at, 5, wide, height - 10);
        at += wide;
      }
    });
    pen.globalAlpha = 1;
    pen.fillStyle = color("text");
    pen.fillRect(clamp(x(time) - 1, 0, width - 2), 0, 2, height);
  }

  function show({ whole = true } = {}) {
    showStep();
    showThought(whole);
    showTabs();
    drawStage();
    showTime();
  }
  function showTime() {
    $("clock").textContent = `${clock(time)} / ${clock(run.seconds)}`;
    drawTimeline();
  }
  function goTo(number, wanted = view === "after" ? "target" : view) {
    if (!run.steps.length) return;
    index = clamp(number, 0, run.steps.length - 1);
    view = wanted;
    time = wanted === "before" ? step().began : wanted === "after" ? step().ended : step().acted;
    show();
  }
  function follow() {
    let number = run.steps.findLastIndex((one) => one.began <= time);
    number = Math.max(number, 0);
    const now = run.steps[number], last = number === run.steps.length - 1;
    const wanted = time < now.acted ? "before" : last && time >= now.ended ? "after" : "target";
    const same = number === index && wanted === view;
    index = number;
    view = wanted;
    if (same) {
      showThought(false);
      showTime();
    } else {
      show({ whole: false });
    }
  }
  function tick(stamp) {
    if (!playing) return;
    time = Math.min(time + ((stamp - lastTick) / 1000) * factor, run.seconds);
    lastTick = stamp;
    follow();
    if (time >= run.seconds) play(false);
    else requestAnimationFrame(tick);
  }
  function play(on) {
    if (!run.steps.length || on === playing) return;
    playing = on;
    $("playicon").setAttribute("d", on ? "M6 4.500h4v15H6zM14 4.500h4v15h-4z" : "M7 4.500v15L20 12Z");
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    if (!on) return;
    if (time >= run.seconds) time = 0;
    lastTick = performance.now();
    requestAnimationFrame(tick);
  }
  function setSpeed(exponent) {
    const least = Number($("speed").min), most = Number($("speed").max);
    $("speed").value = clamp(exponent, least, most);
    factor = 2 ** Number($("speed").value);
    $("factor").textContent = (factor < 10 ? Number(factor.toPrecision(2)) : Math.round(factor)) + "×";
  }
  function setTheme(name) {
    document.documentElement.dataset.theme = name;
    drawMarks();
    drawTimeline();
  }
  const otherTheme = () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  const manually = (act) => () => { play(false); act(); };
  const commands = {
    first: manually(() => goTo(0)),
    previous: manually(() => goTo(index - 1)),
    next: manually(() => goTo(index + 1)),
    last: manually(() => goTo(run.steps.length - 1)),
    play: () => play(!playing),
    theme: otherTheme,
  };
  for (const [id, command] of Object.entries(commands)) $(id).addEventListener("click", command);
  const look = (name) => manually(() => goTo(index, name));
  for (const tab of document.querySelectorAll("[data-view]")) tab.addEventListener("click", look(tab.dataset.view));
  $("speed").addEventListener("input", () => setSpeed(Number($("speed").value)));
  $("task").addEventListener("click", () => { $("task").classList.toggle("open"); });
  const keys = {
    " ": commands.play, k: commands.play, ArrowLeft: commands.previous, ArrowRight: commands.next,
    Home: commands.first, End: commands.last, 1: look("before"), 2: look("target"), 3: look("after"),
    "+": () => setSpeed(Math.log2(factor) + 1), "=": () => setSpeed(Math.log2(factor) + 1),
    "-": () => setSpeed(Math.log2(factor) - 1), t: otherTheme, T: otherTheme,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
    if (event.target === $("speed") && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    keys[event.key]();
  });
  function seek(event) {
    if (!run.steps.length || (event.type === "pointermove" && !event.buttons)) return;
    const box = $("timeline").getBoundingClientRect();
    play(false);
    time = clamp((event.clientX - box.left) / box.width, 0, 1) * run.seconds;
    follow();
  }
  $("timeline").addEventListener("pointerdown", seek);
  $("timeline").addEventListener("pointermove", seek);
  new ResizeObserver(() => { drawMarks(); drawTimeline(); }).observe($("frame"));
  new ResizeObserver(drawLoupe).observe($("loupe"));

  $("task").textContent = run.task;
  $("task").title = "Show the whole task";
  $("outcome").textContent = run.outcome;
  $("outcome").dataset.tone = run.tone;
  $("facts").textContent = run.facts.join("  ·  ");
  $("ending").textContent = $("ending").title = run.ending;
  run.steps.forEach((one, number) => {
    const card = add($("strip"), "button", "");
    card.setAttribute("role", "option");
    card.title = `${one.number}. ${one.intent}`;
    card.style.setProperty("--tone", `var(--${one.tone})`);
    const image = new Image();
    image.loading = "lazy";
    image.alt = "";
    const small = one.before === null ? "" : run.frames[one.before].thumbnail;
    if (small) image.src = "data:image/webp;base64," + small;
    card.append(image);
    add(card, "span", `${one.number}  ${one.intent}`);
    card.addEventListener("click", manually(() => goTo(number)));
  });
  setSpeed(0);
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  if (run.steps.length) goTo(0, "target");
  else {
    $("thoughts").hidden = $("summaries").hidden = $("latency").hidden = true;
    $("result").textContent = "no steps were recorded";
    view = "before";
    showTabs();
    drawStage();
    showTime();
  }
  document.body.dataset.ready = "true";
})();
