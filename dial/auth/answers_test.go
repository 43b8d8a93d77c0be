package auth_test

import (
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// The ways to be refused: with a password that was sent, with one that was not, and
// with a token that was sent, and refused in a challenge first or not.
const (
	sent        = "password"
	unsent      = "password, not yet sent"
	named       = "the user's name alone"
	byTokenSent = "token"
	challenged  = "token, challenged"
)

// An answer is what a server says, and what comes of it: the kind, whether it is only
// probable, whether time mends it, how often a secret was sent, and a word of the hint.
type answer struct {
	p         policy.Protocol
	how       string
	answer    string
	kind      auth.Kind
	probably  bool
	temporary bool
	times     int
	hint      string
}

// answers are by protocol and code, and of servers and providers that are in use.
var answers = []answer{
	// Codes of IMAP (RFC 9051 §7.1, RFC 5530).
	{policy.IMAP, sent, "NO [AUTHENTICATIONFAILED] Authentication failed.", auth.KindCredentials, false, false, 1, "check both"},
	{policy.IMAP, sent, "NO [AUTHORIZATIONFAILED] no", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO [EXPIRED] no", auth.KindExpired, false, false, 1, "expired"},
	{policy.IMAP, sent, "NO [UNAVAILABLE] Temporary authentication failure.", auth.KindTemporary, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [LIMIT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", auth.KindLimit, false, true, 1, "other programs"},
	{policy.IMAP, sent, "NO [INUSE] no", auth.KindInUse, false, true, 1, "in use"},
	{policy.IMAP, sent, "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.", auth.KindTLSRequired, false, false, 1, "although this connection has it"},
	{policy.IMAP, sent, "NO [CANNOT] no", auth.KindMechanism, false, false, 3, "words say why"},
	{policy.IMAP, sent, "BAD [CLIENTBUG] no", auth.KindMechanism, false, false, 3, "words say why"},
	{policy.IMAP, sent, "no [AuthenticationFailed] no", auth.KindCredentials, false, false, 1, "check both"},
	{policy.IMAP, sent, "NO [WEBALERT] no", auth.KindSecondFactor, false, false, 1, "more than the password"},
	{policy.IMAP, sent, "NO [CONTACTADMIN] no", auth.KindRefused, false, false, 1, "words say why"},
	{policy.IMAP, sent, "NO [SERVERBUG] no", auth.KindTemporary, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [THROTTLED] no", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [NOPERM] no", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO [CORRUPTION] no", auth.KindRefused, false, false, 1, "words say why"},
	{policy.IMAP, sent, "NO [REFERRAL imap://elsewhere.test/] no", auth.KindRefused, false, false, 1, "words say why"},
	{policy.IMAP, sent, "NO [X-UNKNOWN] no", auth.KindRefused, true, false, 1, "words say why"},
	{policy.IMAP, sent, "NO [ALERT] no", auth.KindRefused, true, false, 1, "words say why"},
	{policy.IMAP, sent, "NO no", auth.KindCredentials, true, false, 2, "its words may say why; if they do not, it most likely"},
	{policy.IMAP, sent, "NO", auth.KindCredentials, true, false, 2, "does not give a reason"},
	{policy.IMAP, sent, "BAD no", auth.KindMechanism, false, false, 3, "words say why"},

	// The same, before anything was sent that is secret; the command LOGIN sends it.
	{policy.IMAP, unsent, "NO not now", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.IMAP, unsent, "NO [AUTHENTICATIONFAILED] no", auth.KindRefused, false, false, 0, "before it was shown"},
	{policy.IMAP, unsent, "NO [UNAVAILABLE] no", auth.KindTemporary, false, true, 0, "later"},
	{policy.IMAP, unsent, "NO [ALERT] Too many simultaneous connections. (Failure)", auth.KindLimit, false, true, 0, "later"},
	{policy.IMAP, unsent, "BAD no", auth.KindMechanism, false, false, 1, "words say why"},

	{policy.IMAP, named, "NO [AUTHENTICATIONFAILED] no", auth.KindCredentials, false, false, 0, "check both"},
	{policy.IMAP, named, "NO authentication failure", auth.KindRefused, true, false, 0, "may not know this user"},
	{policy.IMAP, named, "NO [LIMIT] no", auth.KindLimit, false, true, 0, "later"},

	// Words of IMAP servers.
	{policy.IMAP, sent, "NO AUTHENTICATE failed.", auth.KindCredentials, true, false, 2, "most likely"},
	{policy.IMAP, sent, "NO LOGIN failed.", auth.KindCredentials, true, false, 2, "most likely"},
	{policy.IMAP, sent, "NO Login failed: authentication failure", auth.KindCredentials, true, false, 2, "most likely"},
	{policy.IMAP, sent, "NO [ALERT] Invalid credentials (Failure)", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.IMAP, sent, "NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials", auth.KindCredentials, false, false, 1, "check both"},
	{policy.IMAP, sent, "NO [ALERT] Too many simultaneous connections. (Failure)", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [LIMIT] LOGIN Rate limit hit", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO [ALERT] Application-specific password required: https://support.example.com/185833 (Failure)", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.IMAP, sent, "NO [ALERT] Please log in via your web browser: https://support.example.com/78754 (Failure)", auth.KindSecondFactor, false, false, 1, "web page"},
	{policy.IMAP, sent, "NO [WEBALERT https://accounts.example.com/signin] Web login required.", auth.KindSecondFactor, false, false, 1, "more than the password"},
	{policy.IMAP, sent, "NO [ALERT] Your account is not enabled for IMAP use. Please visit your settings page and enable your account for IMAP access. (Failure)", auth.KindDisabled, false, false, 1, "settings"},
	{policy.IMAP, sent, "NO [ALERT] IMAP access is disabled for your domain. Please contact your domain administrator. (Failure)", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO [AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled sc=x_imap", auth.KindCredentials, true, false, 1, "several reasons"},
	{policy.IMAP, sent, "NO [ALERT] Invalid login or server error (Failure)", auth.KindCredentials, true, false, 1, "several reasons"},
	{policy.IMAP, sent, "NO You are yet to enable IMAP for your account. Please contact your administrator (Failure)", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO [AUTHENTICATIONFAILED] Account is disabled", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO Your account has been suspended", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.IMAP, sent, "NO Account locked due to too many failed logins, try again later", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, sent, "NO Password expired", auth.KindExpired, false, false, 1, "expired"},
	{policy.IMAP, sent, "NO [AUTHENTICATIONFAILED] Your password has expired, please change your password", auth.KindExpired, false, false, 1, "expired"},
	{policy.IMAP, sent, "NO Login only available under a layer", auth.KindTLSRequired, false, false, 1, "TLS"},
	{policy.IMAP, sent, "NO Unsupported authentication mechanism.", auth.KindMechanism, false, false, 3, "words say why"},
	{policy.IMAP, sent, "NO no mechanism available", auth.KindMechanism, false, false, 3, "words say why"},
	{policy.IMAP, sent, "NO Server error - Please try again later", auth.KindTemporary, false, true, 1, "later"},
	{policy.IMAP, sent, "NO System busy!", auth.KindTemporary, false, true, 1, "later"},
	{policy.IMAP, sent, "NO Mailbox is locked by another session", auth.KindInUse, false, true, 1, "in use"},
	{policy.IMAP, sent, "NO LOGIN Login error or password error", auth.KindCredentials, true, false, 2, "most likely"},
	{policy.IMAP, sent, "NO ERR.LOGIN.REQCODE", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.IMAP, sent, "NO [ALERT] Client certificate required", auth.KindRefused, true, false, 1, "client certificate"},
	{policy.IMAP, sent, "NO Client certificate required", auth.KindCredentials, true, false, 1, "client certificate"},

	// Tokens over IMAP.
	{policy.IMAP, byTokenSent, "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", auth.KindCredentials, false, false, 1, "the token"},
	{policy.IMAP, byTokenSent, "NO AUTHENTICATE failed.", auth.KindCredentials, true, false, 1, "the token"},
	{policy.IMAP, byTokenSent, "NO [ALERT] Too many simultaneous connections. (Failure)", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, byTokenSent, "NO [CANNOT] no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.IMAP, byTokenSent, "NO token expired", auth.KindExpired, false, false, 1, "token has expired"},
	{policy.IMAP, challenged, "NO SASL authentication failed", auth.KindCredentials, true, false, 1, "the token"},
	{policy.IMAP, challenged, "NO [AUTHENTICATIONFAILED] Authentication failed for this user: no authorization", auth.KindCredentials, false, false, 1, "the token"},
	{policy.IMAP, challenged, "NO [ALERT] Too many simultaneous connections. (Failure)", auth.KindLimit, false, true, 1, "later"},
	{policy.IMAP, challenged, "NO [UNAVAILABLE] no", auth.KindTemporary, false, true, 1, "later"},
	{policy.IMAP, challenged, "NO [INUSE] no", auth.KindInUse, false, true, 1, "in use"},
	{policy.IMAP, challenged, "NO [ALERT] IMAP access is disabled for your domain. (Failure)", auth.KindDisabled, false, false, 1, "administrator"},

	// Codes of SMTP (RFC 4954 §6, RFC 5248).
	{policy.Submission, sent, "535 5.7.8 Authentication credentials invalid", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "535 no", auth.KindCredentials, true, false, 1, "its words may say why; if they do not, it most likely"},
	{policy.Submission, sent, "535 5.7.0 no", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 5.7.139 no", auth.KindRefused, true, false, 1, "words say why"},
	{policy.Submission, sent, "454 4.7.0 Temporary authentication failure", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "451 4.3.0 no", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "432 4.7.12 A password transition is needed", auth.KindExpired, false, false, 1, "expired"},
	{policy.Submission, sent, "432 no", auth.KindExpired, false, false, 1, "expired"},
	{policy.Submission, sent, "535 5.7.12 no", auth.KindExpired, false, false, 1, "expired"},
	{policy.Submission, sent, "534 5.7.14 no", auth.KindSecondFactor, false, false, 1, "more than the password"},
	{policy.Submission, sent, "500 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "501 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "502 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "503 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "504 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "534 no", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "530 no", auth.KindTLSRequired, false, false, 1, "although this connection has it"},
	{policy.Submission, sent, "538 no", auth.KindTLSRequired, false, false, 1, "although this connection has it"},
	{policy.Submission, sent, "450 no", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "454 4.7.0 account disabled", auth.KindDisabled, false, true, 1, "administrator"},
	{policy.Submission, sent, "432 4.3.2 Concurrent connections limit exceeded", auth.KindLimit, false, true, 1, "later"},
	{policy.Submission, sent, "534 5.7.9 Authentication mechanism is too weak", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "504 5.5.4 Unrecognized authentication type", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "504 5.7.4 Unrecognized authentication type", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "500 5.5.6 Authentication Exchange line is too long", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "501 5.5.2 Cannot Base64-decode Client responses", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "538 5.7.11 Encryption required for requested authentication mechanism", auth.KindTLSRequired, false, false, 1, "although this connection has it"},
	{policy.Submission, sent, "530 5.7.0 Must issue a STARTTLS command first", auth.KindTLSRequired, false, false, 1, "TLS"},
	{policy.Submission, sent, "523 5.7.10 Encryption Needed", auth.KindTLSRequired, false, false, 1, "TLS"},
	{policy.Submission, sent, "525 5.7.13 User Account Disabled", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "550 5.2.1 no", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "554 5.7.1 no", auth.KindRefused, true, false, 1, "words say why"},
	{policy.Submission, sent, "550 no", auth.KindRefused, true, false, 1, "words say why"},

	{policy.Submission, unsent, "535 5.7.8 no", auth.KindRefused, false, false, 0, "before it was shown"},
	{policy.Submission, unsent, "535 no", auth.KindRefused, true, false, 0, "before it was shown"},
	{policy.Submission, unsent, "554 5.7.1 no", auth.KindRefused, true, false, 0, "before it was shown"},
	{policy.Submission, unsent, "454 4.7.0 no", auth.KindTemporary, false, true, 0, "later"},
	{policy.Submission, unsent, "503 5.5.1 Error: authentication not enabled", auth.KindNoLogin, false, false, 0, "host and port"},
	{policy.Submission, unsent, "503 AUTH command used when not advertised", auth.KindNoLogin, false, false, 0, "host and port"},

	{policy.Submission, named, "535 5.7.8 no", auth.KindCredentials, false, false, 0, "check both"},
	{policy.Submission, named, "535 no", auth.KindCredentials, true, false, 0, "most likely"},
	{policy.Submission, named, "554 no", auth.KindRefused, true, false, 0, "may not know this user"},

	// Words of SMTP servers.
	{policy.Submission, sent, "535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8  https://support.example.com/mail/?p=BadCredentials x - gsmtp", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9  https://support.example.com/mail/?p=InvalidSecondFactor x - gsmtp", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.Submission, sent, "534-5.7.14 <https://accounts.example.com/signin/continue?x> Please log in\r\n534-5.7.14 via your web browser and then try again.\r\n534 5.7.14 Learn more at", auth.KindSecondFactor, false, false, 1, "more than the password"},
	{policy.Submission, sent, "454 4.7.0 Too many login attempts, please try again later. x - gsmtp", auth.KindLimit, false, true, 1, "later"},
	{policy.Submission, sent, "454-4.7.0 Cannot authenticate due to a temporary system problem. Try again later.\r\n454 4.7.0 x - gsmtp", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.example/smtp_auth_disabled for more information.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 5.7.3 Authentication unsuccessful [HOST.example]", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "550 5.7.30 Basic authentication is not supported for Client Submission.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.0 (#AUTH005) Too many bad auth attempts.", auth.KindLimit, false, true, 1, "later"},
	{policy.Submission, sent, "535 5.7.0 (#MBR1212) Incorrect username or password.", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 5.7.8 Error: authentication failed: Invalid user or password!", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "535 5.7.8 Error: authentication failed: This user does not have access rights to this service", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 5.7.0 NEOBHODIM parol prilozheniya https://help.example/ / Application password is REQUIRED", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.Submission, sent, "535 Login Fail. Please enter your authorization code to login. More information in http://service.example/cgi-bin/help", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.Submission, sent, "535 Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or system is busy.", auth.KindCredentials, true, false, 1, "several reasons"},
	{policy.Submission, sent, "535 Error: authentication failed, system busy", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "550 User has no permission", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, sent, "535 Error: ÓÃ»§ÃÜÂë´íÎó", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 Authentication failed. Restricted user", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "535 5.7.8 Password expired", auth.KindExpired, false, false, 1, "expired"},
	{policy.Submission, sent, "535 Incorrect authentication data", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.Submission, sent, "535 5.7.8 The user has exceeded the login limit", auth.KindLimit, false, true, 1, "later"},
	{policy.Submission, sent, "554 5.7.1 Client host blocked using zen.blocklist.example", auth.KindRefused, false, false, 1, "address"},
	{policy.Submission, sent, "535 Client didn't present valid SSL certificate", auth.KindCredentials, true, false, 1, "client certificate"},
	{policy.Submission, sent, "535 5.7.8 Two-factor authentication is on: use an app password", auth.KindSecondFactor, false, false, 1, "for this program"},

	{policy.Submission, sent, "535 #5.7.8 no", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "535 5.7.8: no", auth.KindCredentials, false, false, 1, "check both"},
	{policy.Submission, sent, "535 5.7.8 Error: authentication failed: Connection lost to authentication server", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "535 5.7.8 Error: authentication failed: no mechanism available", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, sent, "535 系统繁忙", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, sent, "535 请使用授权码登录", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.Submission, sent, "535 IMAP/POP3/SMTP ist nicht freigeschaltet", auth.KindDisabled, false, false, 1, "settings"},

	// Tokens over SMTP.
	{policy.Submission, byTokenSent, "535 5.7.3 Authentication unsuccessful [HOST.example]", auth.KindCredentials, true, false, 1, "the token"},
	{policy.Submission, byTokenSent, "535 5.7.8 no", auth.KindCredentials, false, false, 1, "the token"},
	{policy.Submission, byTokenSent, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.Submission, byTokenSent, "454 4.7.0 no", auth.KindTemporary, false, true, 1, "later"},
	{policy.Submission, byTokenSent, "504 5.7.4 Unrecognized authentication type", auth.KindMechanism, false, false, 2, "words say why"},
	{policy.Submission, challenged, "535-5.7.8 Username and Password not accepted.\r\n535 5.7.8 x", auth.KindCredentials, false, false, 1, "the token"},
	{policy.Submission, challenged, "454 4.7.0 Too many login attempts", auth.KindLimit, false, true, 1, "later"},
	{policy.Submission, challenged, "554 5.7.0 no", auth.KindCredentials, true, false, 1, "the token"},

	// Codes of POP3 (RFC 2449 §8, RFC 3206).
	{policy.POP3, sent, "-ERR [AUTH] no", auth.KindCredentials, false, false, 1, "check both"},
	{policy.POP3, sent, "-ERR no", auth.KindCredentials, true, false, 1, "its words may say why; if they do not, it most likely"},
	{policy.POP3, sent, "-ERR", auth.KindCredentials, true, false, 1, "does not give a reason"},
	{policy.POP3, sent, "-ERR [IN-USE] no", auth.KindInUse, false, true, 1, "in use"},
	{policy.POP3, sent, "-ERR [LOGIN-DELAY] minimum time between mail checks violation", auth.KindLimit, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR [SYS/TEMP] no", auth.KindTemporary, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR [SYS/PERM] no", auth.KindRefused, false, false, 1, "words say why"},
	{policy.POP3, sent, "-ERR [X-UNKNOWN] no", auth.KindCredentials, true, false, 1, "most likely"},

	{policy.POP3, unsent, "-ERR [AUTH] no", auth.KindRefused, false, false, 0, "before it was shown"},
	{policy.POP3, unsent, "-ERR [SYS/TEMP] no", auth.KindTemporary, false, true, 0, "later"},
	{policy.POP3, unsent, "-ERR [IN-USE] no", auth.KindInUse, false, true, 0, "in use"},

	{policy.POP3, named, "-ERR [AUTH] no", auth.KindCredentials, false, false, 0, "check both"},
	{policy.POP3, named, "-ERR no", auth.KindRefused, true, false, 0, "may not know this user"},

	// Words of POP3 servers.
	{policy.POP3, sent, "-ERR [AUTH] Username and password not accepted.", auth.KindCredentials, false, false, 1, "check both"},
	{policy.POP3, sent, "-ERR [AUTH] Application-specific password required: https://support.example.com/185833", auth.KindSecondFactor, false, false, 1, "for this program"},
	{policy.POP3, sent, "-ERR [AUTH] Web login required: https://support.example.com/78754", auth.KindSecondFactor, false, false, 1, "web page"},
	{policy.POP3, sent, "-ERR [SYS/PERM] Your account is not enabled for POP access. Please visit your settings page.", auth.KindDisabled, false, false, 1, "settings"},
	{policy.POP3, sent, "-ERR [SYS/TEMP] Temporary system problem. Please try again later.", auth.KindTemporary, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR [IN-USE] Unable to lock maildrop: Mailbox is locked by POP server", auth.KindInUse, false, true, 1, "in use"},
	{policy.POP3, sent, "-ERR Unable to lock maildrop", auth.KindInUse, false, true, 1, "in use"},
	{policy.POP3, sent, "-ERR [AUTH] login failure or POP3 disabled, try later. sc=x_pop", auth.KindCredentials, true, false, 1, "several reasons"},
	{policy.POP3, sent, "-ERR Logon failure: unknown user name or bad password.", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.POP3, sent, "-ERR Unable to log on", auth.KindCredentials, true, false, 1, "most likely"},
	{policy.POP3, sent, "-ERR Server Unavailable. 21", auth.KindTemporary, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.", auth.KindTLSRequired, false, false, 1, "although this connection has it"},
	{policy.POP3, sent, "-ERR Too many connections for this user", auth.KindLimit, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR Login limit reached, your account is temporarily locked", auth.KindLimit, false, true, 1, "later"},
	{policy.POP3, sent, "-ERR POP3 access is disabled for this account", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.POP3, sent, "-ERR account suspended", auth.KindDisabled, false, false, 1, "administrator"},
	{policy.POP3, sent, "-ERR [AUTH] Your password has expired", auth.KindExpired, false, false, 1, "expired"},
	{policy.POP3, sent, "-ERR chdir Maildir failed", auth.KindRefused, false, false, 1, "could not open the mailbox"},
	{policy.POP3, sent, "-ERR Unsupported authentication mechanism", auth.KindMechanism, false, false, 3, "words say why"},
	{policy.POP3, sent, "-ERR AUTH is not supported", auth.KindMechanism, false, false, 3, "words say why"},

	// Tokens over POP3.
	{policy.POP3, byTokenSent, "-ERR Authentication failure: unknown user name or bad password.", auth.KindCredentials, true, false, 1, "the token"},
	{policy.POP3, byTokenSent, "-ERR [AUTH] no", auth.KindCredentials, false, false, 1, "the token"},
	{policy.POP3, byTokenSent, "-ERR [SYS/TEMP] no", auth.KindTemporary, false, true, 1, "later"},
	{policy.POP3, challenged, "-ERR [AUTH] Invalid SASL argument.", auth.KindCredentials, false, false, 1, "the token"},
	{policy.POP3, challenged, "-ERR [IN-USE] no", auth.KindInUse, false, true, 1, "in use"},
}
