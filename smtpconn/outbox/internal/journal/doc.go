// Package journal keeps what an outbox knows of its messages in a file of lines: it
// says what a line means, writes the file, replaces it when most of its lines no longer
// matter, and reads one that may be damaged. What is tried, and when, is the outbox's
// business. The documentation of package outbox shows the lines.
//
// A [Book] is what the lines say together. A change is an [Entry]: it is appended to the
// [File], and applied to the Book as it is when the file is read.
package journal
