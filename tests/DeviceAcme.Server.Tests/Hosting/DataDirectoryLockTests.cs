using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

public sealed class DataDirectoryLockTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-lock-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_second_server_is_refused_and_told_who_has_it()
    {
        using var first = DataDirectoryLock.Take(_folder.FullName, adminUrl: null);

        var second = () => DataDirectoryLock.Take(_folder.FullName, adminUrl: null);

        second.Should().Throw<StartFailure>().WithMessage($"*pid {Environment.ProcessId}*").Which.Hint.Should().Contain("--data");
    }

    [Fact]
    public void The_directory_is_free_again_when_the_first_has_ended()
    {
        DataDirectoryLock.Take(_folder.FullName, adminUrl: null).Dispose();

        var second = () => DataDirectoryLock.Take(_folder.FullName, adminUrl: null).Dispose();

        second.Should().NotThrow();
    }

    [Fact]
    public void A_new_directory_belongs_to_its_owner_alone()
    {
        var path = Path.Combine(_folder.FullName, "new", "data");

        using var taken = DataDirectoryLock.Take(path, adminUrl: null);

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void What_the_server_wrote_of_itself_outlives_it_and_a_command_on_its_data()
    {
        DataDirectoryLock.Take(_folder.FullName, new Uri("http://localhost:14002"), new Uri("https://acme.example"), _folder.FullName).Dispose();

        DataDirectoryLock.Take(_folder.FullName, adminUrl: null).Dispose();

        var known = RunningServer.Read(Path.Combine(_folder.FullName, RunningServer.FileName))!;
        known.Url.Should().Be(new Uri("https://acme.example"));
        known.ProfilesDirectory.Should().Be(_folder.FullName);
        known.AdminUrl.Should().BeNull("a command does not serve");
    }

    [Fact]
    public void A_directory_that_is_a_file_is_a_clear_failure()
    {
        var path = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(path, "");

        var take = () => DataDirectoryLock.Take(path, adminUrl: null);

        take.Should().Throw<StartFailure>().WithMessage($"*{path}*");
    }
}
