// An attempt's page: answers are saved as they are given, and the time left is shown. The server decides both.
(() => {
  const clock = document.getElementById("clock");
  const form = document.getElementById("answers");
  const finish = document.getElementById("finish");
  if (!clock) return;

  // The server's clock, as far as this page knows it.
  let ahead = Number(clock.dataset.now) - Date.now();
  const serverNow = () => Date.now() + ahead;

  /* Saving: one request at a time, the newest state of each question, again until it arrived. */
  const status = document.getElementById("save-status");
  const waiting = new Map();
  let sending = false;
  let leaving = false;
  let failing = false;
  let pause = 1000;
  // The question in which somebody is typing, and the timer that will keep it.
  let typed = null;
  let typing;

  const say = (text) => { if (status) status.textContent = text; };

  const inputs = (question) => {
    const number = question.dataset.question;
    return [...question.querySelectorAll(`[name="q-${number}"], [name="why-${number}"]`)];
  };
  const answer = (question) =>
    inputs(question)
      .filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked)
      .map((input) => ({ name: input.name, value: input.value.trim() }))
      .filter((given) => given.value);
  const flag = (question) => question.querySelector(`[name="flag-${question.dataset.question}"]`).checked;

  const body = (number, state) => {
    const data = new URLSearchParams();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("item", number);
    for (const given of state.answer) data.append(given.name, given.value);
    if (state.flag) data.append(`flag-${number}`, "1");
    data.append("stamp", String(Math.round(state.stamp)));
    return data;
  };

  const remember = (number, state) => {
    const values = state.answer.map(({ name, value }) => (name.startsWith("why-") ? `why:${value}` : value));
    form.elements[`was-${number}`].value = values.sort().join(",");
    form.elements[`was-flag-${number}`].value = state.flag ? "1" : "";
  };

  const keep = (question) => {
    if (question === typed) {
      clearTimeout(typing);
      typed = null;
    }
    waiting.set(question.dataset.question, { answer: answer(question), flag: flag(question), stamp: serverNow() });
    pause = 1000;
    return send();
  };

  const send = async () => {
    if (sending || leaving || !waiting.size) return;
    sending = true;
    const [number, state] = waiting.entries().next().value;
    say(form.dataset.saving);
    // Until the reply, what the server holds is not known: a form sent now must send this answer again.
    form.elements[`was-${number}`].value = form.elements[`was-flag-${number}`].value = "?";
    let again = 0;
    try {
      const response = await fetch(form.action, {
        method: "POST", body: body(number, state), headers: { Accept: "application/json" }, redirect: "manual", keepalive: true,
      });
      again = await heard(response, number, state);
    } catch {
      again = retry(form.dataset.retry);
    }
    sending = false;
    if (again) setTimeout(send, again);
    else await send();
  };

  // What the server said of one question's save; how many milliseconds to wait before the next try, 0 for none.
  const heard = async (response, number, state) => {
    if (response.status === 409) {
      leaving = true;
      location.assign((await response.json()).result);
      return 0;
    }
    if (response.type === "opaqueredirect" || response.status === 403) return retry(form.dataset.signedOut);
    if (!response.ok && response.status !== 422) return retry(form.dataset.retry);
    const reply = await response.json();
    failing = false;
    if (waiting.get(number) === state) waiting.delete(number);
    mark(number, reply.errors ? Object.values(reply.errors).flat().join(" ") : "");
    if (reply.errors) {
      say(form.dataset.wrong);
      return 0;
    }
    ahead = reply.now - Date.now();
    pause = 1000;
    remember(number, state);
    if (!waiting.size) say(`${form.dataset.saved} ${reply.saved}`);
    return 0;
  };

  const retry = (text) => {
    say(text);
    failing = true;
    pause = Math.min(pause * 2, 15000);
    return pause;
  };

  const mark = (number, error) => {
    const group = document.getElementById(`id_q-${number}_group`);
    let note = group.querySelector(".field-error");
    if (!error) return note?.remove();
    if (!note) {
      note = Object.assign(document.createElement("p"), { className: "field-error", id: `id_q-${number}_group-error` });
      group.querySelector("legend").after(note);
      group.setAttribute("aria-describedby", note.id);
    }
    note.textContent = error;
  };

  if (form) {
    form.addEventListener("change", (event) => {
      const question = event.target.closest("[data-question]");
      if (question) keep(question);
    });
    form.addEventListener("input", (event) => {
      if (!["text", "textarea"].includes(event.target.type)) return;
      clearTimeout(typing);
      typed = event.target.closest("[data-question]");
      typing = setTimeout(() => keep(typed), 1500);
    });
    // The form sends the whole page itself, so nothing is left to be saved by this script.
    form.addEventListener("submit", () => { leaving = true; clearTimeout(typing); });
    // Coming back by the browser's back button, the page may be an old one: ask for it anew.
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    addEventListener("online", () => send());
    addEventListener("beforeunload", (event) => { if (failing && !leaving) event.preventDefault(); });
    say("");
  }

  /* The time left: shown by the minute, said aloud at ten, five and one, handed in at the end. */
  const left = clock.querySelector("[data-left]");
  const announce = clock.querySelector("[data-announce]");
  const aloud = new Set([10, 5, 1]);
  left.hidden = false;

  const words = (seconds) => {
    if (seconds <= 0) return clock.dataset.over;
    if (seconds < 60) return clock.dataset.minute;
    return clock.dataset.minutes.replace("%d", String(Math.ceil(seconds / 60)));
  };

  const tick = () => {
    const seconds = Math.ceil((Number(clock.dataset.deadline) - serverNow()) / 1000);
    const text = words(seconds);
    if (left.textContent !== text) left.textContent = text;
    const minutes = Math.ceil(seconds / 60);
    if (aloud.delete(minutes)) announce.textContent = text;
    if (seconds > 0) return setTimeout(tick, 1000);
    return end();
  };

  // What is on its way still counts for a few seconds; then the attempt is handed in.
  const end = async () => {
    const until = Date.now() + 2500;
    if (typed) keep(typed);
    else if (form) send();
    while ((sending || waiting.size) && Date.now() < until) await new Promise((done) => setTimeout(done, 50));
    leaving = true;
    finish.submit();
  };

  tick();
})();
