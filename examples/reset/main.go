// Reset is a service that sends links for new passwords, and keeps its word over crashes:
//
//	go run ./examples/reset submissions://mail.example.org /var/lib/reset
//	curl -d address=ann@example.org http://127.0.0.1:8080/
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	login := auth.Password{User: "reset", Secret: auth.NewSecret(os.Getenv("RESET_PASSWORD"))}
	box, err := open(ctx, dial.MustParseEndpoint(os.Args[1]), &smtpconn.Options{Auth: login}, os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler(box))) }()
	<-ctx.Done()
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log.Println("closed:", box.Close(grace)) // what waits is sent by the next run
}

func open(ctx context.Context, relay dial.Endpoint, o *smtpconn.Options, dir string) (*outbox.Outbox, error) {
	p, err := pool.New(pool.Config{Endpoint: relay, Options: o, MaxAttempts: 1})
	if err != nil {
		return nil, err
	}
	return outbox.Open(ctx, dir, outbox.Config{
		Relays:        []outbox.Relay{p},
		Expire:        time.Hour, // so long is a link good
		ResendInDoubt: true,      // twice the same link is better than none
		Result: func(_ context.Context, r outbox.Result) error {
			log.Print(r.Recipient, ": ", r.Err)
			return nil
		},
	})
}

func handler(box *outbox.Outbox) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// A real service looks for the account, and stores the token.
		to, id, token := r.PostFormValue("address"), rand.Text(), rand.Text()
		message := fmt.Sprintf("From: <reset@example.org>\r\nTo: <%s>\r\nSubject: Your new password\r\nDate: %s\r\nMessage-ID: <%s@example.org>\r\n\r\nhttps://example.org/reset/%s\r\n",
			to, time.Now().Format(time.RFC1123Z), id, token)
		if err := box.Put(r.Context(), id, smtpconn.Envelope{From: "reset@example.org", To: []string{to}}, strings.NewReader(message)); err != nil {
			http.Error(w, "This did not work. Please try again.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "The link is on its way.") // also if this program is killed now
	}
}
