package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// DevicePrompt is what a person needs to sign in on another device.
type DevicePrompt struct {
	// URL is the page to open there, an https URL, and Code what to enter in it. Both
	// are short enough to type, and printable.
	URL, Code string
	// Complete is URL with the code in it, for a QR code, "" if the issuer gave none.
	// Show Code with it all the same (RFC 8628 §3.3.1).
	Complete string
	// Expires is when Code becomes invalid.
	Expires time.Time
}

// Limits of the device flow. The interval is in seconds, as in the protocol.
const (
	defaultInterval  = 5 // RFC 8628 §3.2
	slowDown         = 5 // RFC 8628 §3.5
	longestDeviceRun = 2 * time.Hour
	longestURL       = 512
)

// Device lets the user sign in on another device, which needs no browser here (RFC 8628).
// It calls show, which must not wait for the person, with what to tell them, and then asks
// the issuer from time to time until the person has signed in, refused, or the code has
// expired. If show returns an error, Device returns it.
//
// The error is an [*Error], with KindDenied if the person refused, KindExpired if the
// code expired and KindUnsupported if the issuer has no such sign-in, a [*ConsentError], an
// [*IdentityError], or that of ctx.
func (a *Account) Device(ctx context.Context, show func(DevicePrompt) error) (*SignIn, error) {
	if show == nil {
		return nil, errors.New("oauth: Device was given no function that shows the code")
	}
	m, err := a.describe(ctx)
	if err != nil {
		return nil, err
	}
	if m.DeviceEndpoint == "" {
		return nil, &Error{Kind: KindUnsupported, Issuer: a.app.Issuer, Err: errors.New("issuer has no sign-in on another device")}
	}
	x := a.exchange(ctx)
	client, err := a.client(x, m)
	if err != nil {
		return nil, err
	}
	code, err := a.deviceCode(x, client)
	if err != nil {
		return nil, err
	}
	prompt := DevicePrompt{URL: code.VerificationURI, Code: code.UserCode, Complete: code.VerificationURIComplete, Expires: code.Expiry}
	if err := show(prompt); err != nil {
		return nil, err
	}
	token, err := poll(x, client, code)
	if err != nil {
		return nil, a.signInError(err)
	}
	return a.accept(ctx, x, m, token)
}

// deviceCode asks for a code, and checks what is to be shown: the person will type a
// password into that page.
func (a *Account) deviceCode(x *exchange, client *oauth2.Config) (*oauth2.DeviceAuthResponse, error) {
	place := client.Endpoint.DeviceAuthURL
	var options []oauth2.AuthCodeOption
	if client.ClientSecret != "" && client.Endpoint.AuthStyle == oauth2.AuthStyleInParams {
		options = append(options, oauth2.SetAuthURLParam("client_secret", client.ClientSecret))
	}
	code, err := client.DeviceAuth(x.context(), options...)
	if err != nil {
		return nil, x.cause(place, err)
	}
	x.secrets = append(x.secrets, code.DeviceCode)
	if _, err := checkHTTPS(code.VerificationURI); err != nil || len(code.VerificationURI) > longestURL {
		return nil, x.broken(place, fmt.Errorf("page for the person is not an https URL of at most %d bytes", longestURL))
	}
	if _, err := checkHTTPS(code.VerificationURIComplete); err != nil || len(code.VerificationURIComplete) > longestURL {
		code.VerificationURIComplete = ""
	}
	if code.DeviceCode == "" || code.UserCode == "" || wire.Printable(code.UserCode) != code.UserCode {
		return nil, x.broken(place, errors.New("code is missing or not printable"))
	}
	latest := time.Now().Add(longestDeviceRun)
	if code.Expiry.IsZero() || code.Expiry.After(latest) {
		code.Expiry = latest
	}
	if code.Interval <= 0 {
		code.Interval = defaultInterval
	}
	return code, nil
}

// poll asks for the token until there is one, or none is to be expected any more.
func poll(x *exchange, client *oauth2.Config, code *oauth2.DeviceAuthResponse) (*oauth2.Token, error) {
	expired := &Error{Kind: KindExpired, Issuer: x.issuer, Err: errors.New("code was not entered in time")}
	ctx, cancel := context.WithDeadlineCause(x.ctx, code.Expiry, expired)
	defer cancel()
	waiting := *x
	waiting.ctx, code.Expiry = ctx, time.Time{} // one deadline is enough
	interval, later := code.Interval, int64(0)
	for {
		interval = min(interval, int64(longestDeviceRun/time.Second)) // the code has expired by then
		code.Interval, later = max(interval, later), 0
		// It waits for the interval, and asks once: a refusal is an error of x.
		token, err := client.DeviceAccessToken(waiting.context(), code)
		if err == nil {
			return token, nil
		}
		if context.Cause(ctx) == expired {
			return nil, expired
		}
		err = waiting.cause(client.Endpoint.TokenURL, err)
		var failed *Error
		switch {
		case !errors.As(err, &failed) || failed.Kind != KindTemporary:
			return nil, err
		case failed.Code == "authorization_pending":
		case failed.Code == "slow_down":
			interval += slowDown
		default: // RFC 8628 §3.5
			interval, later = 2*interval, int64(failed.RetryAfter/time.Second) // which is for one request
		}
	}
}

// signInError is the error of a sign-in that failed: what can only be done again is a
// matter of consent.
func (a *Account) signInError(err error) error {
	if errors.Is(err, KindGrant) {
		return a.consent(err)
	}
	return err
}
