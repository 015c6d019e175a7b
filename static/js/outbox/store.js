/* Where the outbox keeps its entries: a place that outlives the page. */

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Commits at once: a tab that is closed before it hears of success would otherwise take the change with it. */
function changed(database, act) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("outbox", "readwrite");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    act(transaction.objectStore("outbox"));
    transaction.commit();
  });
}

/** IndexedDB, else localStorage, else memory: {all, put, remove, lasting}. */
export async function openStore() {
  try {
    const opening = indexedDB.open("readerstudy", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "token" });
    const database = await asked(opening);
    return {
      lasting: true,
      all: () => asked(database.transaction("outbox").objectStore("outbox").getAll()),
      put: (entry) => changed(database, (table) => table.put(entry)),
      remove: (token) => changed(database, (table) => table.delete(token)),
    };
  } catch {
    return simpleStore(); // a private window may refuse IndexedDB; the next best place serves
  }
}

const PREFIX = "readerstudy-outbox:";

function simpleStore() {
  const place = localPlace();
  return {
    lasting: place !== null,
    all: async () => (place ? keysOf(place).map((key) => JSON.parse(place.getItem(key))) : []),
    put: async (entry) => place?.setItem(PREFIX + entry.token, JSON.stringify(entry)),
    remove: async (token) => place?.removeItem(PREFIX + token),
  };
}

function localPlace() {
  try {
    localStorage.setItem(`${PREFIX}try`, "");
    localStorage.removeItem(`${PREFIX}try`);
    return localStorage;
  } catch {
    return null; // storage is switched off; the page then warns before it is closed
  }
}

function keysOf(place) {
  return Object.keys(place).filter((key) => key.startsWith(PREFIX));
}
