// Package notice brings to the program what no command returns, and has the errors of
// data that cannot be read.
package notice
