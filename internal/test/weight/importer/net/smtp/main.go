// This is what the others are compared with.
package main

import (
	"log"
	"net/smtp"
)

func main() {
	login := smtp.PlainAuth("", "joe", "secret", "mail.example.org")
	message := []byte("Subject: hello\r\n\r\nHello Ann.\r\n")
	log.Println(smtp.SendMail("mail.example.org:587", login, "joe@example.org", []string{"ann@example.org"}, message))
}
