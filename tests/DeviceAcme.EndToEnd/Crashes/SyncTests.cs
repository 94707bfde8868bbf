using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

[Needs("strace")]
public sealed class SyncTests : IAsyncLifetime
{
    private const int Enrollments = 2;

    // newAccount once; newOrder, the challenge with its evidence, and finalize each time
    private const int Changes = 1 + (3 * Enrollments);

    private readonly string _trace = Path.GetTempFileName();
    private readonly int _port = FreePorts.Take(1)[0];
    private readonly RunningServer _server;

    public SyncTests() => _server = new RunningServer
    {
        // replies can be told apart where no TLS hides them
        Url = "https://acme.example",
        Options = ["--listen", $"http://127.0.0.1:{_port}"],
        // -D: the server stays our child, strace looks on from beside
        Tracer = ["strace", "-D", "-f", "--seccomp-bpf", "-y", "-s", "64", "-o", _trace, "-e", "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"],
    };

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        ServerLog.ShowIfFailed(_server);
        await _server.DisposeAsync();
        File.Delete(_trace);
    }

    [Fact]
    public async Task What_a_reply_acknowledges_is_on_the_disk_before_it_leaves()
    {
        using var enrollee = await Enrollee.Register(_server, "apple-device", new HttpClient(new ToListener(_port)));
        for (var count = 0; count < Enrollments; count++)
        {
            await enrollee.EnrollMac($"C02SYNC0000{count}", TestContext.Current.CancellationToken);
        }

        await _server.Kill();
        var trace = SystemCalls.Read(await File.ReadAllLinesAsync(_trace, TestContext.Current.CancellationToken), Path.Combine(_server.Data, "acme.db"));

        var replies = Replies(trace).ToList();
        replies.Where(reply => reply.Writes > 0).Should().HaveCount(Changes, "every change is written before its reply, and nothing else writes");
        replies.Where(reply => reply.Writes > 0).Should().OnlyContain(reply => reply.SyncsAfterLastWrite > 0, "a power cut after the reply must not undo it");
    }

    /// <summary>For each reply: what happened to the database since the one before.</summary>
    private static IEnumerable<(int Writes, int SyncsAfterLastWrite)> Replies(IEnumerable<SystemCall> calls)
    {
        var (writes, syncs, any) = (0, 0, false);
        foreach (var call in calls)
        {
            switch (call)
            {
                case SystemCall.DatabaseWrite when any:
                    (writes, syncs) = (writes + 1, 0);
                    break;
                case SystemCall.DatabaseSync:
                    syncs++;
                    break;
                case SystemCall.Reply:
                    yield return (writes, syncs);
                    // what was written before the first reply is the start's own
                    (writes, syncs, any) = (0, 0, true);
                    break;
            }
        }
    }
}
