// Package compose shows the road from a message that another library composes to
// smtpconn: mailconn brings messages across and does not make them. It is a module of
// its own, so that those libraries are no dependency of mailconn's.
package compose
