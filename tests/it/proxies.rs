//! The recipes of docs/PROXIES.md, run: Parlor below a path of nginx and Caddy.

use std::net::IpAddr;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};

use futures_util::StreamExt;

use crate::support::{Address, Driver, ReverseProxy, Server, Token, sign, within};

/// Somebody else than the proxy, which is 127.0.0.1.
const CLIENT: &str = "127.0.0.2";

async fn server() -> Server {
    Server::builder().set("PARLOR_TRUSTED_PROXIES", "127.0.0.1").start().await
}

fn http() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let from: IpAddr = CLIENT.parse().expect("an address");
    let client = Client::builder().no_proxy().local_address(from);
    client.redirect(reqwest::redirect::Policy::none()).build().expect("a client can be made")
}

/// A socket through the proxy, opened by a page that came through it.
async fn socket(proxy: &Address, user: &str) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.bind(format!("{CLIENT}:0").parse().expect("an address")).expect("it is of this machine");
    let peer = proxy.authority().parse().expect("an address");
    let stream = within("a TCP connection", socket.connect(peer)).await.expect("it listens");
    let url = format!("ws://{}/chat/ws", proxy.authority());
    let mut request = url.into_client_request().expect("a good URL");
    let mut set = |name: &'static str, value: String| {
        request.headers_mut().insert(name, HeaderValue::try_from(value).expect("a header"));
    };
    set("origin", format!("http://{}", proxy.authority()));
    set("authorization", format!("Bearer {}", sign(user)));
    set("x-forwarded-for", "198.51.100.7".to_owned());
    let opened = within("the handshake", client_async(request, stream)).await;
    opened.expect("the proxy passes the upgrade").0
}

async fn works_below_a_path(server: &Server, proxy: &Address) {
    let http = http();
    let at = |path: &str| format!("http://{}{path}", proxy.authority());
    let get = |path: &str| http.get(at(path)).send();

    // The page, and what it names.
    let moved = get("/chat").await.expect("an answer");
    assert!(moved.status().is_redirection(), "{moved:?}");
    let location = moved.headers()["location"].to_str().expect("ASCII");
    assert!(location.ends_with("/chat/"), "{location}");
    let page = get("/chat/").await.expect("an answer");
    let origin = at("/chat/").parse::<reqwest::Url>().expect("a URL");
    let page = page.text().await.expect("a text");
    let mut named = 0;
    for rest in page.split("src=\"").skip(1).chain(page.split("href=\"").skip(1)) {
        let path = rest.split('"').next().expect("it is closed");
        let found = http.get(origin.join(path).expect("a URL")).send().await.expect("an answer");
        assert_eq!(found.status(), 200, "{path}");
        named += 1;
    }
    assert!(named > 3, "{page}");

    // Signing in, and a file that is larger than proxies take by default.
    let body = json!({"user_id": "ann", "password": "correct horse"});
    let register = http.post(at("/chat/api/v1/auth/register")).json(&body);
    let tokens = register.header("x-forwarded-for", "198.51.100.7").send().await;
    let tokens = tokens.expect("an answer");
    assert_eq!(tokens.status(), 201);
    let tokens: Value = tokens.json().await.expect("JSON");
    let upload = http.request(Method::POST, at("/chat/api/v1/attachments?name=a.txt"));
    let upload = upload.bearer_auth(tokens["access_token"].as_str().expect("a token"));
    let stored = upload.body(vec![b'x'; 2 * 1024 * 1024]).send().await.expect("an answer");
    assert_eq!(stored.status(), 201);

    // The socket, and whose address is seen.
    let mut eve = socket(proxy, "eve").await;
    let first = within("session.ready", eve.next()).await.expect("open").expect("a frame");
    assert!(first.to_text().expect("text").contains("session.ready"), "{first}");
    let root = Token::of("root").claim("roles", json!(["admin"]));
    let root = server.user_with("root", root).await;
    let listed = root.get("/connections").await.expect(200);
    assert_eq!(listed["connections"][0]["address"], CLIENT, "{listed}");
    let log = server.stderr();
    let line = log.lines().find(|line| line.contains("/api/v1/auth/register")).expect("logged");
    assert!(line.contains(&format!("client=\"{CLIENT}\"")), "{line}");
}

#[tokio::test]
#[ignore = "needs nginx: run scripts/test"]
async fn the_recipe_for_nginx_works() {
    let server = server().await;
    let proxy = ReverseProxy::nginx(server.address()).await;
    works_below_a_path(&server, proxy.address()).await;
}

#[tokio::test]
#[ignore = "needs Caddy: run scripts/test"]
async fn the_recipe_for_caddy_works() {
    let server = server().await;
    let proxy = ReverseProxy::caddy(server.address()).await;
    works_below_a_path(&server, proxy.address()).await;
}

#[tokio::test]
#[ignore = "needs nginx: run scripts/test"]
async fn the_recipe_for_a_cache_keeps_files_for_their_links_alone() {
    let mut server = server().await;
    let cache = ReverseProxy::cache(server.address()).await;
    let ann = server.user("ann").await;
    let made = ann.request(Method::POST, "/attachments?name=a.txt").body("0123456789");
    let made = crate::support::User::outcome(made).await.expect(201);
    let path = format!("/attachments/{}/link", made["attachment_id"].as_str().expect("an id"));
    let links = async |query: &str| {
        let link = ann.get(&format!("{path}{query}")).await.expect(200);
        link["url"].as_str().expect("a URL").to_owned()
    };
    let (link, other) = (links("").await, links("?expires_in_seconds=60").await);
    let unseen = links("?expires_in_seconds=120").await;
    let http = http();
    let get = |url: &str, range: Option<&'static str>| {
        let request = http.get(format!("http://{}{url}", cache.address().authority()));
        let request = range.into_iter().fold(request, |all, range| all.header("range", range));
        async move {
            let response = request.send().await.expect("an answer");
            (response.status().as_u16(), response.text().await.expect("a text"))
        }
    };
    let whole = (200, "0123456789".to_owned());
    let without = link.split_once('?').expect("a query").0.to_owned();
    let forged = format!("{link}A");
    assert_eq!(get(&link, None).await, whole);
    assert_eq!(get(&other, Some("bytes=2-4")).await, (206, "234".to_owned()));
    assert_eq!((get(&without, None).await.0, get(&forged, None).await.0), (400, 403));
    assert_eq!(get("/api/v1/me", None).await.0, 404, "nothing but links");
    // From here on it is the cache alone that answers, and only for what it has.
    assert_eq!(server.terminate().await, Some(0));
    for kept in [&link, &other] {
        assert_eq!(get(kept, None).await, whole);
        assert_eq!(get(kept, Some("bytes=2-4")).await, (206, "234".to_owned()));
    }
    for other in [&unseen, &without, &forged] {
        assert_eq!(get(other, None).await.0, 502, "{other}");
    }
}

#[tokio::test]
#[ignore = "needs nginx, Chromium and ChromeDriver: run scripts/test"]
async fn the_page_and_the_viewer_work_below_a_path() {
    let server = server().await;
    let proxy = ReverseProxy::nginx(server.address()).await;
    let driver = Driver::start().await;
    let ann = driver.open("ann", proxy.address()).await;
    let at = |path: &str| format!("http://{}{path}", proxy.address().authority());
    ann.goto(&at("/chat/")).await;
    ann.sign_up("ann").await;
    ann.create_public_room("lobby").await;
    ann.say("hello from below").await;
    ann.sees("hello from below", &["stored", "delivered", "read"]).await;
    ann.goto(&at("/chat/api.html")).await;
    ann.has("#calls details").await;
}
