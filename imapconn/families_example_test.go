package imapconn_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

const letter = "From: <ann@example.org>\r\nSubject: Lunch\r\n\r\nAt noon?\r\n"

// put appends a message to a mailbox.
func put(c *imapconn.Client, mailbox, message string) {
	cmd := c.Append(mailbox, int64(len(message)), nil)
	if _, err := cmd.Write([]byte(message)); err != nil {
		log.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		log.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		log.Fatal(err)
	}
}

// Mailboxes are created, listed, counted and selected.
func ExampleClient_mailboxes() {
	c, done := login(nil)
	defer done()
	if err := c.Create("Drafts", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	names, err := c.List("", "%", nil).Collect()
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range names {
		status, err := c.Status(m.Mailbox, &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Mailbox, *status.NumMessages)
	}
	selected, err := c.Select("INBOX", nil).Wait()
	fmt.Println(selected.NumMessages, err)
	// Output:
	// Drafts 0
	// INBOX 0
	// 0 <nil>
}

// A message is appended, fetched, flagged, copied and removed.
func ExampleClient_messages() {
	c, done := login(nil)
	defer done()
	put(c, "INBOX", letter)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	first := imap.SeqSetNum(1)
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierText}
	messages, err := c.Fetch(first, &imap.FetchOptions{UID: true, Envelope: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		log.Fatal(err)
	}
	m := messages[0]
	fmt.Printf("%d %s %s: %q\n", m.UID, m.Envelope.From[0].Addr(), m.Envelope.Subject, m.FindBodySection(section))
	if err := c.Create("Archive", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	if _, err := c.Copy(first, "Archive").Wait(); err != nil {
		log.Fatal(err)
	}
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(first, flags, nil).Close(); err != nil {
		log.Fatal(err)
	}
	gone, err := c.Expunge().Collect()
	fmt.Println(gone, err)
	// Output:
	// 1 ann@example.org Lunch: "At noon?\r\n"
	// [1] <nil>
}

// A search returns the numbers of messages.
func ExampleClient_searching() {
	c, done := login(nil)
	defer done()
	put(c, "INBOX", letter)
	put(c, "INBOX", strings.Replace(letter, "Lunch", "Dinner", 1))
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	subject := imap.SearchCriteriaHeaderField{Key: "Subject", Value: "Dinner"}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{subject}}, nil).Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.AllUIDs())
	// Output: [2]
}

// IDLE waits for what happens in the selected mailbox.
func ExampleClient_watching() {
	news := make(chan uint32, 1)
	c, done := login(func(messages uint32) { news <- messages })
	defer done()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		log.Fatal(err)
	}
	put(c, "INBOX", letter)
	idle, err := c.Idle()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("messages:", <-news)
	if err := idle.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(idle.Wait())
	// Output:
	// messages: 1
	// <nil>
}

// Commands of extensions are for servers that list them.
func ExampleClient_quotas() {
	c, done := login(nil)
	defer done()
	if !c.Caps().Has(imap.CapQuota) {
		fmt.Println("no quotas")
		return
	}
	quotas, err := c.GetQuotaRoot("INBOX").Wait()
	fmt.Println(quotas, err)
	// Output: no quotas
}

// A context bounds the commands of a session, and Logout ends it.
func ExampleClient_session() {
	c, done := login(nil)
	defer done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(ctx, func() { c.Abort() })()
	fmt.Println(c.Noop().Wait(), c.State() == imap.ConnStateAuthenticated)
	fmt.Println(c.Logout().Wait())
	// Output:
	// <nil> true
	// <nil>
}
