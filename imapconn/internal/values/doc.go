// Package values reads the values of responses whose form is not known.
package values
