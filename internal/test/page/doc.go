// Package page has no code of its own: its tests look at the page of examples/check in a
// browser, Chromium, as it is drawn, read aloud and used by keyboard. They are a module of
// their own, as they need the browser and a library to drive it.
//
// Without Chromium the tests are skipped, or fail if MAILCONN_SERVERS=required. If
// MAILCONN_SCREENSHOTS names a directory, what the browser draws is kept there.
package page
