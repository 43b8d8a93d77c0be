package oauthtest

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a browser and the person in front of it, who does what each page asks for.
type browser struct {
	t       *testing.T
	client  *http.Client
	name    string // typed wherever a name is asked for
	code    string // typed wherever a code is asked for
	refuse  bool   // the person says no to the consent page
	refused bool
	pages   []string
}

func (l *lab) browser(t *testing.T, name string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, name: name, client: &http.Client{Jar: jar, Transport: transport(l.CA.ClientConfig())}}
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	inputTag = regexp.MustCompile(`<(?:input|button)[^>]*>`)
	attr     = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// attributes returns those of the first tag in a text.
func attributes(text string) map[string]string {
	tag, _, _ := strings.Cut(text, ">")
	all := map[string]string{}
	for _, m := range attr.FindAllStringSubmatch(tag, -1) {
		all[m[1]] = html.UnescapeString(m[2])
	}
	return all
}

// open shows a URL, and does what the pages ask for until one asks for nothing more.
func (b *browser) open(at string) error {
	response, err := b.client.Get(at)
	for range 10 {
		if err != nil {
			return err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return err
		}
		b.pages = append(b.pages, fmt.Sprintf("%s %d\n%s", response.Request.URL, response.StatusCode, text))
		form := formTag.FindString(string(text))
		if form == "" || b.refused {
			return nil
		}
		if response, err = b.submit(response.Request.URL, form, string(text)); err != nil {
			return err
		}
	}
	return errors.New("the pages do not end")
}

// submit fills in a form and sends it, or follows the page's way to say no.
func (b *browser) submit(page *url.URL, form, text string) (*http.Response, error) {
	values := url.Values{}
	for _, tag := range inputTag.FindAllString(form, -1) {
		a := attributes(tag)
		switch a["name"] {
		case "":
		case "login":
			values.Set("login", b.name)
		case "password":
			values.Set("password", "any")
		case "user_code":
			values.Set("user_code", b.code)
		default:
			values.Set(a["name"], a["value"])
		}
	}
	if b.refuse && values.Get("prompt") == "consent" {
		abort := regexp.MustCompile(`href="([^"]*/abort)"`).FindStringSubmatch(text)
		if abort == nil {
			return nil, fmt.Errorf("no way to say no on %s\n%s", page, text)
		}
		to, err := page.Parse(abort[1])
		if err != nil {
			return nil, err
		}
		b.refused = true
		return b.client.Get(to.String())
	}
	to, err := page.Parse(attributes(form)["action"])
	if err != nil {
		return nil, err
	}
	return b.client.PostForm(to.String(), values)
}
