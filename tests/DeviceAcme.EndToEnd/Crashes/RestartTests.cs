using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary>What was acknowledged outlives the process, however that ends.</summary>
public sealed class RestartTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task A_validation_that_a_kill_cut_short_is_carried_out_by_the_next_process()
    {
        await using var host = new HangingResponder(Server.Http01Port);
        using var before = await Enrollee.Register(Server);
        var order = await before.Client.NewOrder(new NewOrderRequest([new(AcmeIdentifier.Dns, "restart.example")]), Cancellation);
        var authorization = await before.Client.Authorization(order.Value.Authorizations[0], Cancellation);
        var challenge = authorization.Challenges.Single(offered => offered.Type == "http-01");
        await before.Client.AnswerChallenge(challenge, Cancellation);
        await host.Asked;
        (await before.Client.Challenge(challenge.Url, Cancellation)).Status.Should().Be("processing");

        await Server.Kill();
        host.Answer(before.KeyAuthorizationOf(challenge));
        await Server.Start();

        // nobody says a word to the new process about it
        using var after = before.Again(Server);
        var ready = await after.Client.WaitUntilReady(order.Url, Cancellation);
        ready.Status.Should().Be("ready");
        var done = await after.Client.Finalize(ready, Enrollee.Csr("restart.example"), Cancellation);
        done.Status.Should().Be("valid");
        (await after.Client.DownloadChain(done.Certificate!, Cancellation)).Certificates.Should().HaveCountGreaterThan(1);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Simultaneous_finalize_calls_get_one_certificate()
    {
        using var enrollee = await Enrollee.Register(Server, "apple-device");
        var (order, csr) = await enrollee.AttestMac("C02DOUBLE001", Cancellation);
        var callers = Enumerable.Range(0, 16).Select(_ => enrollee.Again(Server)).ToList();
        await Task.WhenAll(callers.Select(caller => caller.Client.Directory(Cancellation)));

        var answers = await Task.WhenAll(callers.Select(async caller =>
        {
            try
            {
                return (await caller.Client.Finalize(order.Value, csr, Cancellation)).Certificate;
            }
            catch (AcmeClientException late)
            {
                late.Problem!.Type.Should().Be("urn:ietf:params:acme:error:orderNotReady");
                return null;
            }
        }));
        callers.ForEach(caller => caller.Dispose());

        answers.Where(certificate => certificate is not null).Distinct().Should().ContainSingle();
        (await enrollee.Client.Order(order.Url, Cancellation)).Certificate.Should().Be(answers.First(certificate => certificate is not null));
        StoredOrders.Certificates(Server.Data, order.Url).Should().Be(1);
    }
}
