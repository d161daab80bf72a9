package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Tries parlor.go: mint SECRET USER NAME, or verify SECRET ID TIMESTAMP SIGNATURES NOW
// with the body as input.
func main() {
	args := os.Args[2:]
	if os.Args[1] == "mint" {
		token, err := mintToken(args[0], args[1], args[2], time.Hour)
		if err != nil {
			panic(err)
		}
		fmt.Println(token)
		return
	}
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	now, err := strconv.ParseInt(args[4], 10, 64)
	if err != nil {
		panic(err)
	}
	fmt.Println(isFromParlor(args[0], args[1], args[2], args[3], body, time.Unix(now, 0)))
}
