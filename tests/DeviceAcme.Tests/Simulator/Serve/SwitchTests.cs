using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator.Serve;

/// <summary>Switches and what they do to requests and answers, without a server behind.</summary>
public sealed class SwitchTests
{
    private const string Base = "https://localhost:14000";
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_a_switch_shows_it_also_takes()
    {
        foreach (var one in SwitchTable.All)
        {
            one.Apply(new Switches(), one.Read(new Switches())).Should().Be(new Switches(), one.Name);
        }
    }

    [Theory, InlineData("nonce-errors", "101%"), InlineData("nonce-errors", "-1"), InlineData("nonce-errors", "many"), InlineData("rate-limits", "3"), InlineData("rate-limits", "0/10s"), InlineData("rate-limits", "3/soon")]
    [InlineData("processing", "5"), InlineData("processing", "11m"), InlineData("large-chains", "41"), InlineData("large-chains", "-1"), InlineData("alternate-chains", "9"), InlineData("strict", "yes"), InlineData("retry-after", "")]
    public void Values_that_make_no_sense_are_told(string name, string value) =>
        FluentActions.Invoking(() => SwitchTable.Find(name)!.Apply(new Switches(), value)).Should().Throw<FormatException>().WithMessage("expected*");

    [Theory, InlineData("--nonce-errors", "130%", "--nonce-errors: expected 0% to 100%, found '130%'"), InlineData("--port", "99999", "--port: expected a port"), InlineData("--noncerrors", "1%", "Unrecognized")]
    [InlineData("--port", "15000", "two of the ports are the same"), InlineData("--server-program", "/nowhere/Server.dll", "there is no file"), InlineData("--profile", "no-such", "there is no profile 'no-such'"), InlineData("--host", "a b", "expected a host name"), InlineData("--file", "/nowhere.yaml", "there is no file")]
    public async Task Wrong_options_are_one_clear_line_and_exit_code_2(string option, string value, string line)
    {
        using var talk = new StringWriter();

        var code = await CommandLine.Run(["serve", option, value], new Terminal(TextWriter.Null, talk), TimeProvider.System);

        code.Should().Be(Exit.Wrong);
        talk.ToString().Should().Contain(line).And.NotContain("   at ");
    }

    [Fact]
    public void A_file_has_the_same_settings_and_all_its_mistakes_are_told_with_their_lines()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "port: 24000\nnonce-errors: 20%\nstrict: true\nrate-limits: 3/10s\n");
            var settings = ServeSettingTable.ReadFile(file, new ServeSettings());
            (settings.Port, settings.Switches.NonceErrors, settings.Switches.Strict, settings.Switches.RateLimits).Should().Be((24000, 0.2, true, new RateLimit(3, TimeSpan.FromSeconds(10))));

            File.WriteAllText(file, "nonce-errors: lots\nprocesing: 5s\n");
            var wrong = FluentActions.Invoking(() => ServeSettingTable.ReadFile(file, new ServeSettings())).Should().Throw<SimulatorException>().Which;
            string[] mistakes = [wrong.Message, .. wrong.More];
            mistakes.Should().SatisfyRespectively(
                first => first.Should().Be($"{file}:1: nonce-errors: expected 0% to 100%, found 'lots'"),
                second => second.Should().StartWith($"{file}:2: ").And.Contain("procesing"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public void A_refused_nonce_is_spent_and_the_same_request_is_let_through_with_the_next()
    {
        var refusals = new Refusals(new Chance(new Seed("x")));
        var (target, always) = (Urls(random: false).Resolve("/acme/tls-server/new-order", ""), new Switches { NonceErrors = 1 });

        refusals.Look(target, Jws("n1"), always, Now)!.Type.Should().Be("badNonce");
        refusals.Look(target, Jws("n1"), always, Now)!.Chaos.Should().Be("used nonce");
        refusals.Look(target, Jws("n2"), always, Now).Should().BeNull();
        refusals.Look(target, Jws("n3"), always, Now)!.Type.Should().Be("badNonce");
    }

    [Fact]
    public void About_so_many_requests_are_refused_as_the_share_says_and_the_same_ones_for_a_seed()
    {
        int[] Refused(string seed)
        {
            var refusals = new Refusals(new Chance(new Seed(seed)));
            var target = Urls(random: false).Resolve("/acme/tls-server/new-order", "");
            return [.. Enumerable.Range(0, 1000).Where(number => refusals.Look(target, Jws($"n{number}", $"{{\"number\":{number}}}"), new Switches { NonceErrors = 0.2 }, Now) is not null)];
        }

        Refused("a").Length.Should().BeInRange(150, 250);
        Refused("a").Should().Equal(Refused("a")).And.NotEqual(Refused("b"));
    }

    [Fact, Spec("RFC 8555 §6.6")]
    public void Rate_limits_say_when_to_come_back()
    {
        var refusals = new Refusals(new Chance(new Seed("x")));
        var (target, limited) = (Urls(random: false).Resolve("/acme/tls-server/new-order", ""), new Switches { RateLimits = new RateLimit(2, TimeSpan.FromSeconds(10)) });

        refusals.Look(target, Jws("1"), limited, Now).Should().BeNull();
        refusals.Look(target, Jws("2"), limited, Now.AddSeconds(1)).Should().BeNull();
        var refused = refusals.Look(target, Jws("3"), limited, Now.AddSeconds(2))!;
        (refused.Status, refused.Type, refused.RetryAfter).Should().Be((429, "rateLimited", TimeSpan.FromSeconds(8)));
        refusals.Look(target, Jws("4"), limited, Now.AddSeconds(10.5)).Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §6.7.1")]
    public void Refused_identifiers_are_named_in_subproblems()
    {
        var refusals = new Refusals(new Chance(new Seed("x")));
        var order = Jws("1", """{"identifiers":[{"type":"dns","value":"refused.example"},{"type":"dns","value":"good.example"},{"type":"dns","value":"also.refused.example"}]}""");

        var refused = refusals.Look(Urls(random: false).Resolve("/acme/tls-server/new-order", ""), order, new Switches { Subproblems = true }, Now)!;

        refused.Type.Should().Be("compound");
        refused.Subproblems!.Select(problem => problem!["identifier"]!["value"]!.GetValue<string>()).Should().Equal("refused.example", "also.refused.example");
    }

    [Theory, InlineData("/directory"), InlineData("/acme/tls-server/directory"), InlineData("/acme/tls-server/new-nonce"), InlineData("/acme/apple-device/order/abc/finalize"), InlineData("/acme/apple-device/cert/abc"), InlineData("/acme/apple-device/renewal-info/a.b")]
    public void A_random_URL_leads_back_and_the_path_alone_does_not(string path)
    {
        var urls = Urls(random: true);
        var given = new Uri(urls.Public(Base + path));

        var target = urls.Resolve(given.AbsolutePath, given.Query);

        (target.Path, target.Guessed).Should().Be((path, false));
        urls.Resolve(path, "").Guessed.Should().BeTrue();
        new PublicUrls(Base, ["tls-server", "apple-device"], "tls-server", true, new Chance(new Seed("other"))).Public(Base + path).Should().NotBe(given.OriginalString);
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public void Slow_states_come_in_the_order_of_the_standard()
    {
        var states = new SlowStates();
        JsonObject Order(string status) => new() { ["status"] = status, ["certificate"] = status == "valid" ? Base + "/cert/1" : null };
        states.ShowOrder(Order("pending"), "/order/1", ["/authz/1"], Now);
        states.Answered("/chall/1", "/authz/1", Now.AddSeconds(5));
        states.Answered("/chall/1", "/authz/1", Now.AddSeconds(50));

        var (challenge, early, later) = (new JsonObject { ["status"] = "valid", ["validated"] = "2026-03-01T12:00:00Z" }, Order("ready"), Order("ready"));
        states.ShowChallenge(challenge, "/chall/1", Now).Should().BeTrue();
        challenge.ToJsonString().Should().Be("""{"status":"processing"}""");
        states.ShowOrder(early, "/order/1", ["/authz/1"], Now).Should().BeTrue();
        early["status"]!.GetValue<string>().Should().Be("pending");
        states.IsPending("/order/1", Now).Should().BeTrue();
        states.ShowOrder(later, "/order/1", ["/authz/1"], Now.AddSeconds(6)).Should().BeFalse();
        later["status"]!.GetValue<string>().Should().Be("ready");

        states.Finalized("/order/1", Now.AddSeconds(20));
        var (processing, valid) = (Order("valid"), Order("valid"));
        states.ShowOrder(processing, "/order/1", ["/authz/1"], Now.AddSeconds(10)).Should().BeTrue();
        processing.ContainsKey("certificate").Should().BeFalse();
        states.ShowOrder(valid, "/order/1", ["/authz/1"], Now.AddSeconds(21)).Should().BeFalse();
        valid["status"]!.GetValue<string>().Should().Be("valid");
    }

    [Fact]
    public void A_transcript_forgets_the_oldest_and_counts_them()
    {
        var transcript = new Transcript(most: 3);
        foreach (var _ in Enumerable.Range(0, 5))
        {
            transcript.Add(new Recorded { At = Now, Method = "GET", Url = Base, Resource = Resource.Directory, Status = 200, Headers = [new("User-Agent", "one/1")] });
        }

        transcript.All().Select(exchange => exchange.Number).Should().Equal(3, 4, 5);
        transcript.Forgotten.Should().Be(2);
        transcript.All("ONE").Should().HaveCount(3);
        transcript.All("two").Should().BeEmpty();
    }

    private static PublicUrls Urls(bool random) => new(Base, ["tls-server", "apple-device"], "tls-server", random, new Chance(new Seed("x")));

    private static SentJws Jws(string nonce, string payload = "{}") => SentJws.Read(new JsonObject
    {
        ["protected"] = Base64Url.Encode(Encoding.UTF8.GetBytes($$"""{"alg":"ES256","kid":"a","nonce":"{{nonce}}","url":"u"}""")),
        ["payload"] = Base64Url.Encode(Encoding.UTF8.GetBytes(payload)),
        ["signature"] = "AAAA",
    }.ToJsonString())!;
}
