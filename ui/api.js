// The server's data: JSON by request, changes by server-sent events.

export async function load(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.error ?? `the server answered ${response.status}`);
  }
  return response.json();
}

// Calls the function of `listeners` named like each event; `lost` when the stream breaks, `hello` when it is there (again).
export function follow(listeners) {
  let source;
  let timer;
  const open = () => {
    source = new EventSource("/api/events");
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
    }
    source.onerror = () => {
      listeners.lost();
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(timer);
        timer = setTimeout(open, 3000);
      }
    };
  };
  open();
}
