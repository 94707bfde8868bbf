using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Storage;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

/// <summary>What a start does about profiles whose files say something else than what was in force: it follows them, and never undoes what an administrator decided without saying so.</summary>
public sealed class ProfileStartTests
{
    private const string Name = TestProfiles.Open;

    [Fact]
    public async Task A_changed_file_counts_after_a_restart_and_the_report_says_so()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        Report(server).Should().NotContain("  profiles ");
        Write(server, "90d", "10d");
        await server.Restart();

        Days(server).Should().Be(10);
        Report(server).Should().Contain($"profiles       the files changed: {Name}: version 2 of the profiles is in force");
        await server.Restart();
        Report(server).Should().NotContain("  profiles ", "nothing changed this time");
    }

    [Fact]
    public async Task A_start_keeps_what_an_administrator_activated_and_says_what_the_file_would_do()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Activate(server, "90d", "20d");
        Write(server, "90d", "10d");
        await server.Restart();

        Days(server).Should().Be(20);
        Report(server).Should().MatchRegex($@"profiles       {Name}: [0-9a-f]{{12}} stays in force, activated as version 2; its file says something else");
    }

    [Fact]
    public async Task A_file_that_says_what_was_activated_is_followed_again()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Activate(server, "90d", "20d");
        Write(server, "90d", "20d");
        await server.Restart();
        Report(server).Should().Contain($"files say now what was activated: {Name}");

        Write(server, "20d", "30d");
        await server.Restart();
        Days(server).Should().Be(30);
    }

    [Fact]
    public async Task The_setting_lets_the_files_count_and_the_report_names_what_it_undoes()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Activate(server, "90d", "20d");
        await server.Restart(options => options with { FollowProfileFiles = true });

        Days(server).Should().Be(90);
        Report(server, options => options with { FollowProfileFiles = true }).Should().Contain($"profiles       {Name}: the file counts (profile-files is follow)");
    }

    [Fact]
    public async Task A_profile_without_a_file_stays_where_it_was_activated_and_goes_where_a_file_was_followed()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Activate(server, "90d", "20d");
        File.Delete(server.Server.ProfileFile(Name));
        File.Delete(server.Server.ProfileFile(TestProfiles.Narrow));
        await server.Restart();

        Days(server).Should().Be(20);
        server.Server.Profiles.Find(TestProfiles.Narrow).Should().BeNull();
        Report(server).Should().Contain($"files are gone: {TestProfiles.Narrow}");
    }

    [OnlySqlite]
    [Fact]
    public async Task A_stored_text_that_cannot_be_read_ends_the_start_with_a_way_out()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Activate(server, "90d", "20d");
        await server.Server.Db.Commit(
            context =>
            {
                // as if this version of the program no longer knew a property
                context.Database.ExecuteSqlRaw("DROP TRIGGER profiles_no_update");
                context.Database.ExecuteSqlRaw("UPDATE profiles SET text = replace(text, 'validity:', 'validness:') WHERE text LIKE '%validity: 20d%'");
            },
            TestContext.Current.CancellationToken);

        var start = () => server.Restart();
        (await start.Should().ThrowAsync<StartFailure>()).Which.Should().Match<StartFailure>(
            failure => failure.Message.Contains("open.yaml") && failure.Message.Contains("validness") && failure.Hint!.Contains("--profile-files follow"));
        await server.Restart(options => options with { FollowProfileFiles = true });
        Days(server).Should().Be(90);
    }

    private static double Days(AdminServer server) => server.Server.Profiles.Find(Name)!.Certificate.Validity.TotalDays;

    private static void Write(AdminServer server, string from, string to)
    {
        var file = server.Server.ProfileFile(Name);
        File.WriteAllText(file, File.ReadAllText(file).Replace($"validity: {from}", $"validity: {to}", StringComparison.Ordinal));
    }

    private static async Task Activate(AdminServer server, string from, string to)
    {
        var text = await File.ReadAllTextAsync(server.Server.ProfileFile(Name), TestContext.Current.CancellationToken);
        await ProfileRouteTests.Activate(server, [new() { File = $"{Name}.yaml", Text = text.Replace($"validity: {from}", $"validity: {to}", StringComparison.Ordinal) }], "test");
    }

    private static string Report(AdminServer server, Func<ServerOptions, ServerOptions>? configure = null)
    {
        var services = server.Server.Services;
        var options = services.GetRequiredService<ServerOptions>();
        return StartReport.Text(configure?.Invoke(options) ?? options, services.GetRequiredService<Installation>(), services.GetRequiredService<ProfileVersions>(), services.GetRequiredService<AnchorVersions>(), [], null);
    }
}
