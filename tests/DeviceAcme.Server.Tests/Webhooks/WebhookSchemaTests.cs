using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>docs/webhook.schema.json describes what is sent, and accepts what the server accepts as an answer.</summary>
public sealed class WebhookSchemaTests
{
    [Fact]
    public async Task What_is_sent_fits()
    {
        await using var server = await WebhookServer.Start("both");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, """{"decision":"allow","attributes":{"department":"R & D","floor":3,"vip":true,"none":""}}""");
        (await server.Enroll()).State.Should().Be("valid");

        server.Receiver.All.Should().HaveCount(2);
        foreach (var asked in server.Receiver.All)
        {
            WebhookSchema.Violations("request", asked.Json).Should().BeEmpty();
        }

        var (challenge, finalize) = (server.Receiver.All[0].Json, server.Receiver.All[1].Json);
        Changed(challenge, json => json["purpose"] = "guess").Should().NotBeEmpty();
        Changed(challenge, json => json["verdict"]!["checks"]![0]!["outcome"] = "maybe").Should().NotBeEmpty();
        Changed(challenge, json => json.Remove("account")).Should().NotBeEmpty();
        Changed(finalize, json => json["device"]!["colour"] = "red").Should().NotBeEmpty();
        finalize["device"].Should().NotBeNull();
    }

    [Theory]
    [InlineData("""{"decision":"allow"}""")]
    [InlineData("""{"decision":"refuse","reason":"no"}""")]
    [InlineData("""{"decision":"allow","attributes":{"cost-center":"4711","floor":-3,"vip":false},"reason":null}""")]
    [InlineData("""{"decision":"allow","reason":1}""")]
    [InlineData("""{"decision":true}""")]
    [InlineData("""{}""")]
    [InlineData("""{"decision":"allow","attributes":{"A":"b"}}""")]
    [InlineData("""{"decision":"allow","attributes":{"a.b":"b"}}""")]
    [InlineData("""{"decision":"allow","attributes":{"a":1.5}}""")]
    [InlineData("""{"decision":"allow","attributes":{"a":null}}""")]
    [InlineData("""{"decision":"allow","attributes":[]}""")]
    [InlineData("""{"decision":"allow","reasons":[]}""")]
    public void The_schema_and_the_server_agree_about_answers(string answer)
    {
        var parse = () => WebhookAnswer.Parse(Encoding.UTF8.GetBytes(answer));
        if (WebhookSchema.Violations("answer", JsonNode.Parse(answer)).Count == 0)
        {
            parse.Should().NotThrow();
        }
        else
        {
            parse.Should().Throw<ProblemException>();
        }
    }

    [Theory]
    [InlineData(WebhookAnswer.MostAttributes, WebhookAnswer.LongestValue, true)]
    [InlineData(WebhookAnswer.MostAttributes + 1, 1, false)]
    [InlineData(1, WebhookAnswer.LongestValue + 1, false)]
    public void The_schema_and_the_server_have_the_same_bounds(int attributes, int length, bool fits)
    {
        var answer = new JsonObject { ["decision"] = "allow", ["attributes"] = new JsonObject(Enumerable.Range(0, attributes).Select(i => KeyValuePair.Create($"a{i}", (JsonNode?)new string('x', length)))) };
        var parse = () => WebhookAnswer.Parse(Encoding.UTF8.GetBytes(answer.ToJsonString()));

        WebhookSchema.Violations("answer", answer).Should().HaveCount(fits ? 0 : 1);
        if (fits)
        {
            parse.Should().NotThrow();
        }
        else
        {
            parse.Should().Throw<ProblemException>();
        }
    }

    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("  two\r\n\tlines \u0000 ", "two lines")]
    [InlineData("a\u202Eb\u200Bc\u2028d", "a b c d")]
    [InlineData("Grüße, 日本 \U0001F600", "Grüße, 日本 \U0001F600")]
    public void Words_of_others_are_made_fit_for_one_line(string words, string shown) => WebhookAnswer.Clean(words, 300).Should().Be(shown);

    [Fact]
    public void Words_of_others_are_cut_between_characters()
    {
        WebhookAnswer.Clean(new string('x', 400), 300).Should().Be(new string('x', 300) + "…");
        WebhookAnswer.Clean(new string('x', 299) + "\U0001F600", 300).Should().Be(new string('x', 299) + "…");
    }

    private static IReadOnlyList<string> Changed(JsonNode request, Action<JsonObject> change)
    {
        var changed = request.DeepClone().AsObject();
        change(changed);
        return WebhookSchema.Violations("request", changed);
    }
}
