package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// A program opens the account each time it starts, and asks the person only if a session
// fails with a ConsentError.
func Example() {
	dir, err := os.MkdirTemp("", "mail") // in a program: a permanent directory of the user
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	store, err := oauth.NewFileStore(filepath.Join(dir, "tokens"))
	if err != nil {
		log.Fatal(err)
	}
	account, err := oauth.NewAccount("https://login.example.com", "joe@example.com", oauth.Config{
		Apps: []oauth.App{{
			Issuer:   "https://login.example.com",
			ClientID: "1234", // of the program, as the issuer has registered it
			Scopes:   []string{"mail", "offline_access", "openid", "email"},
		}},
		Store: store,
	})
	if err != nil {
		log.Fatal(err)
	}

	credentials := auth.Token{User: account.User(), Secret: account} // for the Options of a session
	_, err = credentials.Secret.Secret(context.Background(), nil)    // which asks for the token
	var consent *oauth.ConsentError
	if errors.As(err, &consent) {
		fmt.Println(consent.Hint())
		// account.Browser(ctx, open) or account.Device(ctx, show)
	}
	// Output: The provider wants you to sign in for this program.
}

// A discovered issuer selects among the clients of the program.
func ExampleNewAccount() {
	_, err := oauth.NewAccount("https://login.example.net", "joe@example.net", oauth.Config{
		Apps:  []oauth.App{{Issuer: "https://login.example.com", ClientID: "1234"}},
		Store: new(oauth.MemoryStore),
	})
	fmt.Println(errors.Is(err, oauth.ErrNoClient), err)
	// Output: true oauth: no client is registered with this issuer: "https://login.example.net"
}
