using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using RunningServer = DeviceAcme.EndToEnd.Processes.RunningServer;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary>Orders that an officer approved are issued once each, however often the process is killed meanwhile.</summary>
public sealed class IssuanceTests(ApprovalServer server) : TestsOnServer(server.Running), IClassFixture<ApprovalServer>
{
    private const int Orders = 24;

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task A_kill_in_the_middle_of_issuances_leads_to_one_certificate_for_each_order()
    {
        using var enrollee = await Enrollee.Register(Server, "apple-device");
        var orders = new List<string>();
        for (var number = 0; number < Orders; number++)
        {
            var (order, csr) = await enrollee.AttestMac($"C02ISSUE{number:0000}", Cancellation);
            (await enrollee.Client.Finalize(order.Value, csr, Cancellation)).Status.Should().Be("processing");
            orders.Add(order.Url);
        }

        var approved = new HashSet<string>();
        for (var kills = 0; kills < 3; kills++)
        {
            var approving = Approve([.. orders.Where(order => !approved.Contains(order)).Take(Orders / 3)], approved);
            await Task.WhenAny(approving, Task.Delay(100 + (60 * kills), Cancellation));
            await Server.Kill();
            await approving;
            await Server.Start();
        }

        await Approve([.. orders.Where(order => !approved.Contains(order))], approved);

        using var again = enrollee.Again(Server);
        foreach (var order in orders)
        {
            (await again.Client.WaitForCertificate(order, Cancellation)).Status.Should().Be("valid");
            StoredOrders.Certificates(Server.Data, order).Should().Be(1);
        }

        StoredOrders.Contradictions(Server.Data).Should().Be(0);
        StoredOrders.UnpromisedSerials(Server.Data).Should().Be(0, "a number was stored before it was signed");
    }

    /// <summary>What was acknowledged is noted; where the server dies, the rest is not asked for.</summary>
    private async Task Approve(IReadOnlyList<string> orders, HashSet<string> approved)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Server.AdminUrl) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(Server.Data, Protocol.Admin.RunningServer.TokenFileName), Cancellation)).Trim());
        try
        {
            foreach (var order in orders)
            {
                using var body = new StringContent("{}", Encoding.UTF8, "application/json");
                using var answer = await http.PostAsync($"/admin/v1/orders/{new Uri(order).Segments[^1]}/approve", body, Cancellation);

                // one whose answer the kill swallowed was approved all the same
                answer.StatusCode.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.Conflict);
                approved.Add(order);
            }
        }
        catch (HttpRequestException dead)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(dead.Message);
        }
    }
}
