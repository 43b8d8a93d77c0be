package imapconn_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

const withAttachment = "Subject: the report\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n" +
	"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"../report.csv\"\r\n" +
	"Content-Transfer-Encoding: base64\r\n\r\nYSxi\r\nCjEsMgo=\r\n--b--\r\n"

// The newest messages of a mailbox are listed, and an attachment of one is saved.
func ExampleClient_FetchEach_attachment() {
	client, end := login(nil)
	defer end()
	put(client, "INBOX", letter)
	put(client, "INBOX", withAttachment)

	box, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || box.NumMessages == 0 {
		log.Fatal("nothing to list: ", err)
	}
	var newest imap.SeqSet // the last 20 messages; a search for them returns their UIDs
	newest.AddRange(max(box.NumMessages, 20)-19, box.NumMessages)
	found, err := client.UIDSearch(&imap.SearchCriteria{SeqNum: []imap.SeqSet{newest}}, nil).Wait()
	if err != nil {
		log.Fatal(err)
	}
	var list []*imapconn.Message
	wanted := &imapconn.FetchOptions{Envelope: true, BodyStructure: true, NoBody: true}
	for m, err := range client.FetchEach(context.Background(), imap.UIDSetNum(found.AllUIDs()...), wanted) {
		if err != nil {
			log.Print(err) // of this message alone, if it is a *MessageError
			continue
		}
		list = append(list, m)
	}
	dir, err := os.MkdirTemp("", "attachments")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, m := range slices.Backward(list) {
		fmt.Println(m.UID, m.Envelope.Subject)
		if path, part := attachment(m.BodyStructure); part != nil {
			fmt.Println(save(client, m.UID, path, part, dir))
		}
	}
	// Output:
	// 2 the report
	// report.csv "a,b\n1,2\n" <nil>
	// 1 Lunch
}

// attachment returns the first part that is one, and where it is in the message.
func attachment(all imap.BodyStructure) (path []int, part *imap.BodyStructureSinglePart) {
	all.Walk(func(at []int, b imap.BodyStructure) bool {
		single, ok := b.(*imap.BodyStructureSinglePart)
		if d := b.Disposition(); part == nil && ok && d != nil && strings.EqualFold(d.Value, "attachment") {
			path, part = slices.Clone(at), single
		}
		return true
	})
	return path, part
}

// save writes an attachment to a file. The sender of the message has chosen the file's
// name, so only its last element counts; a program also sees to it that nothing is
// replaced.
func save(client *imapconn.Client, uid imap.UID, path []int, part *imap.BodyStructureSinglePart, dir string) (name, content string, err error) {
	section := &imap.FetchItemBodySection{Part: path}
	for m, err := range client.FetchEach(context.Background(), imap.UIDSetNum(uid), &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{section}}) {
		if err != nil {
			return "", "", err
		}
		var decoded io.Reader = m
		switch strings.ToLower(part.Encoding) {
		case "base64":
			decoded = base64.NewDecoder(base64.StdEncoding, m)
		case "quoted-printable":
			decoded = quotedprintable.NewReader(m)
		}
		name = filepath.Base(filepath.FromSlash(part.Filename()))
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return "", "", err
		}
		defer f.Close()
		if _, err := io.Copy(f, decoded); err != nil {
			return "", "", err
		}
	}
	saved, err := os.ReadFile(filepath.Join(dir, name))
	return name, fmt.Sprintf("%q", saved), err
}
