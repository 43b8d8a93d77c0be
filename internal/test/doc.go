// Package test is the roof over everything that is only for tests.
//
//   - api: the exported API, its documentation and its examples
//   - attacks: the library against every script, fault and odd certificate
//   - behind: what IMAP servers say behind the login, odd and hostile, and what comes of it
//   - bulk: many messages, and a large one, beside go-imap's client: speed, memory and bytes
//   - child: parts of a test in processes of their own
//   - cost: round trips, allocations and goroutines
//   - dnslab: a real name server and a validating resolver (a module of its own); nameservers
//     starts them, for oauthtest as well
//   - fakenet: name servers, web sites and mail servers in memory
//   - heap: how much memory is in use
//   - interop: real mail servers (a module of its own)
//   - layout: which package may import which
//   - lineends: what tests hold the line ends of messages to
//   - oauthtest: a real authorization server (a module of its own)
//   - packages: the list of this module's packages
//   - page: the page of examples/check in a real browser (a module of its own)
//   - papers: the figures in the papers, for the tests that count them
//   - readme: the code, the paths and the tests that the papers name
//   - replies: a server in memory that gives prepared answers, line by line
//   - script: servers written down as text, hostile ones above all
//   - scripttest: plays scripts to the tests of a package
//   - sessions: begins a session of whichever protocol
//   - sockettest: what tests need where a connection must be a real one
//   - sqltest: real databases (a module of its own)
//   - supervise: runs real servers that end with the tests
//   - testserver: starts servers of dialtest that end with the test
//   - weight: what importers of each package take on
package test
