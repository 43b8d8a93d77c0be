// Package fetch runs the loops of imapconn's FetchEach: which messages there are (queue,
// survey), what a batch asks for (section, batch), and how a long content comes in pieces
// (content, window).
package fetch
