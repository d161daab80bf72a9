//! Autobahn 5: messages in fragments (RFC 6455 section 5.4).

use super::{Case, Close, Frame, Pong, answer, ask, case, run};

fn first(text: &str) -> Frame {
    Frame::text(text).unfinished()
}

fn more(text: &str) -> Frame {
    Frame::continuation(text).unfinished()
}

fn last(text: &str) -> Frame {
    Frame::continuation(text)
}

fn cases() -> Vec<Case> {
    let (whole, ping) = (ask("a"), || Frame::ping("p"));
    let (head, tail) = whole.split_at(9);
    let (begin, middle) = head.split_at(4);
    let pong = || Pong(b"p".to_vec());
    vec![
        case(
            "5.1 a ping in fragments",
            &[Frame::ping("a").unfinished(), last("b")],
            &[Close(1002)],
        ),
        case(
            "5.2 a pong in fragments",
            &[Frame::new(Frame::PONG, "a").unfinished(), last("b")],
            &[Close(1002)],
        ),
        case("5.3 two fragments", &[first(head), last(tail)], &[answer("a")]),
        case("5.4 three", &[first(begin), more(middle), last(tail)], &[answer("a")]),
        case(
            "5.5 empty ones between",
            &[first(head), more(""), more(""), last(tail)],
            &[answer("a")],
        ),
        case("5.6 a ping between", &[first(head), ping(), last(tail)], &[pong(), answer("a")]),
        case("5.7 a ping of its own", &[ping(), first(head), last(tail)], &[pong(), answer("a")]),
        case(
            "5.8 two pings between",
            &[first(begin), ping(), more(middle), ping(), last(tail)],
            &[pong(), pong(), answer("a")],
        ),
        case("5.9 a continuation of nothing", &[last("x"), Frame::text(&*whole)], &[Close(1002)]),
        case("5.10 the same, unfinished", &[more("x"), Frame::text(&*whole)], &[Close(1002)]),
        case("5.11 an empty one", &[last(""), Frame::text(&*whole)], &[Close(1002)]),
        case("5.12 unfinished, then a message", &[more(""), Frame::text(&*whole)], &[Close(1002)]),
        case(
            "5.13 after a good message",
            &[Frame::text(&*whole), last("x")],
            &[answer("a"), Close(1002)],
        ),
        case(
            "5.14 unfinished, after one",
            &[Frame::text(&*whole), more("x")],
            &[answer("a"), Close(1002)],
        ),
        case(
            "5.15 after a fragmented one",
            &[first(head), last(tail), more("x")],
            &[answer("a"), Close(1002)],
        ),
        case("5.16 a continuation first", &[more("x"), first(head), last(tail)], &[Close(1002)]),
        case("5.17 a finished one first", &[last("x"), first(head), last(tail)], &[Close(1002)]),
        case("5.18 a text within a text", &[first(head), Frame::text("x")], &[Close(1002)]),
        case("a begun text within a text", &[first(head), first("x")], &[Close(1002)]),
        case(
            "binary within a text",
            &[first(head), Frame::new(Frame::BINARY, "x")],
            &[Close(1002)],
        ),
        case(
            "5.19 with pings all over",
            &[first(begin), ping(), ping(), more(middle), ping(), last(tail)],
            &[pong(), pong(), pong(), answer("a")],
        ),
        case(
            "5.20 an unasked pong between",
            &[first(head), Frame::new(Frame::PONG, ""), last(tail)],
            &[answer("a")],
        ),
        case("a close between", &[first(head), Frame::close(1000, b"")], &[Close(1000)]),
        case("an empty first fragment", &[first(""), last(&whole)], &[answer("a")]),
        case("an empty last fragment", &[first(&whole), last("")], &[answer("a")]),
    ]
}

#[tokio::test]
async fn messages_in_fragments() {
    run(cases()).await;
}
